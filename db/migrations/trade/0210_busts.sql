-- Each booking asks whether its trade was taken back before: of the few that were, never of all fills of the position.
create index portfolio_fills_busts on portfolio_fills (trade_id) where kind = 'bust';
