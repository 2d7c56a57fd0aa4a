-- Time tables of the MARKET database: hypertables where the extension is present (either edition), native range
-- partitions where it is not. Times are bigint microseconds. Both levels offer the same two functions:
--   market_ensure(table, from_us, to_us)  makes room for rows of that period (nothing to do on a hypertable)
--   market_retain(table, from_us, to_us)  drops whole chunks or partitions that lie within that period
-- They are SECURITY DEFINER so that the recorder needs no right to create or drop anything else, and serve only a
-- session that may write the table.

CREATE TABLE market_time_tables (
  table_name text PRIMARY KEY,
  time_column text NOT NULL,
  interval_us bigint NOT NULL CHECK (interval_us > 0)
);
INSERT INTO market_time_tables VALUES
  ('ticks', 'receive_time_us', 86400000000),
  ('quotes', 'receive_time_us', 86400000000),
  ('candles', 'open_time_us', 2592000000000);

DO $$
DECLARE
  entry market_time_tables;
BEGIN
  FOR entry IN SELECT * FROM market_time_tables LOOP
    IF contrail_timescale() <> 'none' THEN
      PERFORM create_hypertable(entry.table_name::regclass, entry.time_column::name,
        chunk_time_interval => entry.interval_us, create_default_indexes => false);
    ELSE
      EXECUTE format('ALTER TABLE %I RENAME TO %I', entry.table_name, entry.table_name || '_plain');
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) PARTITION BY RANGE (%I)',
        entry.table_name, entry.table_name || '_plain', entry.time_column);
      EXECUTE format('DROP TABLE %I', entry.table_name || '_plain');
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION market_ensure(wanted text, from_us bigint, to_us bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  entry market_time_tables;
  start_us bigint;
  made integer := 0;
BEGIN
  SELECT * INTO entry FROM market_time_tables WHERE table_name = wanted;
  IF NOT FOUND THEN RAISE EXCEPTION 'not a time table: %', wanted; END IF;
  IF NOT has_table_privilege(session_user, wanted, 'INSERT') THEN
    RAISE insufficient_privilege USING MESSAGE = format('%s may not write %s', session_user, wanted);
  END IF;
  IF contrail_timescale() <> 'none' THEN RETURN 0; END IF;
  IF (to_us - from_us) / entry.interval_us > 5000 THEN
    RAISE EXCEPTION 'period % to % of % needs more than 5000 partitions', from_us, to_us, wanted;
  END IF;
  -- One maker at a time: two sessions must not race for the same partition.
  PERFORM pg_advisory_xact_lock(hashtext('market_ensure'), hashtext(wanted));
  start_us := from_us - from_us % entry.interval_us;
  WHILE start_us <= to_us LOOP
    IF to_regclass(format('%I', wanted || '_p' || start_us)) IS NULL THEN
      -- Made apart and attached: that lock lets readers and writers of the other partitions go on.
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
        wanted || '_p' || start_us, wanted);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
        wanted, wanted || '_p' || start_us, start_us, start_us + entry.interval_us);
      made := made + 1;
    END IF;
    start_us := start_us + entry.interval_us;
  END LOOP;
  RETURN made;
END $$;

CREATE FUNCTION market_retain(wanted text, from_us bigint, to_us bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  entry market_time_tables;
  part text;
  dropped integer := 0;
BEGIN
  SELECT * INTO entry FROM market_time_tables WHERE table_name = wanted;
  IF NOT FOUND THEN RAISE EXCEPTION 'not a time table: %', wanted; END IF;
  IF NOT has_table_privilege(session_user, wanted, 'INSERT') THEN
    RAISE insufficient_privilege USING MESSAGE = format('%s may not write %s', session_user, wanted);
  END IF;
  IF contrail_timescale() <> 'none' THEN
    SELECT count(*) INTO dropped FROM drop_chunks(wanted::regclass, older_than => to_us, newer_than => from_us);
    RETURN dropped;
  END IF;
  FOR part IN
    SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = wanted::regclass AND child.relname ~ ('^' || wanted || '_p\d+$')
      AND substring(child.relname FROM '_p(\d+)$')::bigint + entry.interval_us <= to_us
      AND substring(child.relname FROM '_p(\d+)$')::bigint >= from_us
  LOOP
    EXECUTE format('DROP TABLE %I', part);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;
