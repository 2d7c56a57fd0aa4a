select contrail_append_only('fills');
select contrail_append_only('order_quarantine');
select contrail_append_only('orders_inbox');
select contrail_append_only('paper_requests');
select contrail_append_only('paper_fills');

alter table fills add constraint fills_positive check (quantity > 0 and price > 0);
alter table paper_fills add constraint paper_fills_positive check (quantity > 0 and price > 0);
alter table orders add constraint orders_quantities
  check (quantity > 0 and cum_quantity >= 0 and leaves_quantity >= 0);

-- What has an answer has its order.
alter table order_attempts add constraint order_attempts_head check (head is null or state = 'persisted');
-- A head is short-lived: not worth being compressed.
alter table order_attempts set (toast_tuple_target = 8160);

-- An order is found by what is still to be published or still open; the rest is history.
create index executions_pending on executions (account, id) where published_sequence is null;
create index orders_live on orders (account) where open;
create index paper_orders_live on paper_orders (account) where open;
create index order_attempts_live on order_attempts (account) where state in ('persisted', 'unknown');

-- A repeat is written down as one; only the first of an id can have been taken.
create unique index paper_requests_once on paper_requests (account, cl_ord_id) where outcome <> 'duplicate';

-- A lease is never handed back to an older owner: a zombie that kept its row in memory cannot revive it.
create function venue_leases_forward() returns trigger language plpgsql as $$
begin
  if new.epoch < old.epoch then
    raise exception 'lease %/%: epoch % after %', old.venue, old.account, new.epoch, old.epoch
      using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger venue_leases_forward before update on venue_leases
  for each row execute function venue_leases_forward();

-- An attempt that has an answer keeps it; only a doubt is settled later.
create function order_attempts_settle() returns trigger language plpgsql as $$
begin
  if old.state in ('rejected', 'not_placed') and new.state = 'persisted' then
    raise exception 'attempt % of % was settled as %', old.attempt, old.order_id, old.state
      using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger order_attempts_settle before update on order_attempts
  for each row execute function order_attempts_settle();
