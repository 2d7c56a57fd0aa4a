select contrail_append_only('ledger_accounts');
select contrail_append_only('ledger_transactions');
select contrail_append_only('ledger_entries');
select contrail_append_only('portfolio_fills');

-- At commit, not per row: a transaction is written entry by entry.
create function ledger_check_balance() returns trigger language plpgsql as $$
declare
  bad record;
begin
  select asset, sum(amount) as total into bad from ledger_entries
    where transaction_id = new.transaction_id group by asset having sum(amount) <> 0 limit 1;
  if found then
    raise exception 'ledger transaction % does not balance: % in % left over', new.transaction_id, bad.total, bad.asset
      using errcode = 'check_violation';
  end if;
  return null;
end $$;

create constraint trigger ledger_entries_balance after insert on ledger_entries
  deferrable initially deferred for each row execute function ledger_check_balance();

-- An entry is of the asset and the tenant of its account.
create function ledger_check_entry() returns trigger language plpgsql as $$
begin
  perform 1 from ledger_accounts
    where id = new.ledger_account_id and asset = new.asset and tenant_id = new.tenant_id;
  if not found then
    raise exception 'ledger entry of % is not of account %', new.asset, new.ledger_account_id
      using errcode = 'check_violation';
  end if;
  return new;
end $$;

create trigger ledger_entries_account before insert on ledger_entries
  for each row execute function ledger_check_entry();
