-- Once per statement, not per entry: a booking waits for it. Each statement adds to a transaction what sums to zero per
-- asset, so all that was added before does too, for entries are never changed. Then a commit needs no look back.
drop trigger ledger_entries_balance on ledger_entries;
drop trigger ledger_entries_account on ledger_entries;
drop function ledger_check_balance();
drop function ledger_check_entry();

create function ledger_check_entries() returns trigger language plpgsql as $$
declare
  bad record;
begin
  -- An entry is of the asset and the tenant of its account.
  select e.transaction_id, e.asset, sum(e.amount) as total, count(*) - count(a.id) as strange into bad
    from added e left join ledger_accounts a
      on a.id = e.ledger_account_id and a.asset = e.asset and a.tenant_id = e.tenant_id
    group by e.transaction_id, e.asset having sum(e.amount) <> 0 or count(a.id) < count(*) limit 1;
  if found and bad.strange > 0 then
    raise exception 'ledger transaction %: % entries of % are not of their account', bad.transaction_id, bad.strange,
      bad.asset using errcode = 'check_violation';
  elsif found then
    raise exception 'ledger transaction % does not balance: % in % left over', bad.transaction_id, bad.total, bad.asset
      using errcode = 'check_violation';
  end if;
  -- One by one: that is a look into an index, whatever the size of the table was when it was planned.
  for bad in select distinct transaction_id from added loop
    if not exists (select from ledger_transactions where id = bad.transaction_id) then
      raise exception 'ledger transaction % is not there', bad.transaction_id using errcode = 'foreign_key_violation';
    end if;
  end loop;
  return null;
end $$;

create trigger ledger_entries_check after insert on ledger_entries referencing new table as added
  for each statement execute function ledger_check_entries();
