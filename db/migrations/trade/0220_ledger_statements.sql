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
  select transaction_id, asset, sum(amount) as total into bad from added
    group by transaction_id, asset having sum(amount) <> 0 limit 1;
  if found then
    raise exception 'ledger transaction % does not balance: % in % left over', bad.transaction_id, bad.total, bad.asset
      using errcode = 'check_violation';
  end if;
  -- An entry is of the asset and the tenant of its account.
  select added.asset, added.ledger_account_id into bad from added
    where not exists (select from ledger_accounts a
      where a.id = added.ledger_account_id and a.asset = added.asset and a.tenant_id = added.tenant_id) limit 1;
  if found then
    raise exception 'ledger entry of % is not of account %', bad.asset, bad.ledger_account_id
      using errcode = 'check_violation';
  end if;
  return null;
end $$;

create trigger ledger_entries_check after insert on ledger_entries referencing new table as added
  for each statement execute function ledger_check_entries();
