select contrail_append_only('versions');
select contrail_append_only('strategy_events');
