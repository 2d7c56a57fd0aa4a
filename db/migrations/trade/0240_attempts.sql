-- The guard of settled attempts is asked by its condition, which costs nothing: every answer to an order comes by here.
drop trigger order_attempts_settle on order_attempts;
create or replace function order_attempts_settle() returns trigger language plpgsql as $$
begin
  raise exception 'attempt % of % was settled as %', old.attempt, old.order_id, old.state
    using errcode = 'check_violation';
end $$;
create trigger order_attempts_settle before update on order_attempts
  for each row when (old.state in ('rejected', 'not_placed') and new.state = 'persisted')
  execute function order_attempts_settle();
