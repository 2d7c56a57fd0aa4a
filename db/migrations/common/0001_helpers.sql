-- Attach to a table whose rows are facts: select contrail_append_only('ledger_entries').
-- The grants step sees the trigger and gives nobody UPDATE or DELETE; the trigger stops the owner as well.
create function contrail_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: book a reversing row instead', tg_table_name using errcode = 'restrict_violation';
end $$;

create function contrail_append_only(target regclass) returns void language plpgsql as $$
begin
  execute format(
    'create trigger append_only before update or delete or truncate on %s '
    'for each statement execute function contrail_refuse_change()', target);
end $$;
