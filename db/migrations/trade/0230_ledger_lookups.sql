-- The usual booking is judged by looks into indexes, one per entry, however many accounts there are: joined to them, each
-- booking read all accounts of all strategies. Only what is wrong is looked at closely, to say how.
create or replace function ledger_check_entries() returns trigger language plpgsql as $$
declare
  bad record;
begin
  if not exists (select from added group by transaction_id, asset having sum(amount) <> 0)
    and not exists (select from added e
      -- An entry is of the asset and the tenant of its account, and its transaction is there.
      where (select a.asset from ledger_accounts a where a.id = e.ledger_account_id and a.tenant_id = e.tenant_id)
          is distinct from e.asset
        or (select t.id from ledger_transactions t where t.id = e.transaction_id) is null)
  then
    return null;
  end if;
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
  select e.transaction_id into bad from added e
    where not exists (select from ledger_transactions t where t.id = e.transaction_id) limit 1;
  raise exception 'ledger transaction % is not there', bad.transaction_id using errcode = 'foreign_key_violation';
end $$;
