-- Made by "node db/src/generate.ts" from db/src/schema. Do not edit.
CREATE TABLE "decision_heads" (
	"account" text NOT NULL,
	"strategy" text NOT NULL,
	"tenant_id" text NOT NULL,
	"number" bigint NOT NULL,
	"index" integer NOT NULL,
	CONSTRAINT "decision_heads_account_strategy_pk" PRIMARY KEY("account","strategy")
);

CREATE TABLE "equity_points" (
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"currency" text NOT NULL,
	"at_us" bigint NOT NULL,
	"equity" numeric NOT NULL,
	CONSTRAINT "equity_points_tenant_id_account_currency_at_us_pk" PRIMARY KEY("tenant_id","account","currency","at_us")
);

CREATE TABLE "executions" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"order_id" text NOT NULL,
	"subject" text NOT NULL,
	"body" jsonb NOT NULL,
	"published_sequence" bigint,
	"written_us" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000000)::bigint NOT NULL
);

CREATE TABLE "fifo_lots" (
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"strategy" text NOT NULL,
	"venue" text NOT NULL,
	"instrument" text NOT NULL,
	"trade_id" text NOT NULL,
	"quantity" numeric NOT NULL,
	"cost" numeric NOT NULL,
	"opened_us" bigint NOT NULL,
	CONSTRAINT "fifo_lots_tenant_id_account_strategy_venue_instrument_trade_id_pk" PRIMARY KEY("tenant_id","account","strategy","venue","instrument","trade_id")
);

CREATE TABLE "fills" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"strategy" text NOT NULL,
	"venue" text NOT NULL,
	"instrument" text NOT NULL,
	"trade_id" text NOT NULL,
	"order_id" text NOT NULL,
	"side" text NOT NULL,
	"quantity" numeric NOT NULL,
	"price" numeric NOT NULL,
	"fee" numeric NOT NULL,
	"fee_asset" text NOT NULL,
	"liquidity" text NOT NULL,
	"venue_time_us" bigint NOT NULL,
	"at_us" bigint NOT NULL
);

CREATE TABLE "ledger_accounts" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"strategy" text NOT NULL,
	"kind" text NOT NULL,
	"asset" text NOT NULL
);

CREATE TABLE "ledger_entries" (
	"transaction_id" bigint NOT NULL,
	"line" integer NOT NULL,
	"tenant_id" text NOT NULL,
	"ledger_account_id" bigint NOT NULL,
	"asset" text NOT NULL,
	"amount" numeric NOT NULL,
	CONSTRAINT "ledger_entries_transaction_id_line_pk" PRIMARY KEY("transaction_id","line"),
	CONSTRAINT "ledger_entries_amount" CHECK ("ledger_entries"."amount" <> 0)
);

CREATE TABLE "ledger_transactions" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"key" text NOT NULL,
	"kind" text NOT NULL,
	"reverses" bigint,
	"description" text NOT NULL,
	"strategy" text NOT NULL,
	"venue" text,
	"instrument" text,
	"at_us" bigint NOT NULL,
	"written_us" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000000)::bigint NOT NULL
);

CREATE TABLE "manual_numbers" (
	"number" bigserial PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"by" text NOT NULL,
	"at_us" bigint NOT NULL
);

CREATE TABLE "order_attempts" (
	"order_id" text NOT NULL,
	"attempt" integer NOT NULL,
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"kind" text NOT NULL,
	"cl_ord_id" text NOT NULL,
	"epoch" bigint NOT NULL,
	"state" text NOT NULL,
	"body" jsonb NOT NULL,
	"valid_until_us" bigint NOT NULL,
	"created_us" bigint NOT NULL,
	"answered_us" bigint,
	"head" text,
	CONSTRAINT "order_attempts_order_id_attempt_pk" PRIMARY KEY("order_id","attempt")
);

CREATE TABLE "order_quarantine" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"order_id" text,
	"event" jsonb NOT NULL,
	"cause" text NOT NULL,
	"at_us" bigint NOT NULL
);

CREATE TABLE "orders" (
	"order_id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"strategy" text NOT NULL,
	"venue" text NOT NULL,
	"instrument" text NOT NULL,
	"intent" jsonb NOT NULL,
	"request" jsonb,
	"state" jsonb NOT NULL,
	"status" text NOT NULL,
	"open" boolean NOT NULL,
	"quantity" numeric NOT NULL,
	"cum_quantity" numeric NOT NULL,
	"leaves_quantity" numeric NOT NULL,
	"average_price" numeric,
	"cl_ord_id" text,
	"reason" jsonb,
	"checks" jsonb NOT NULL,
	"stream" text NOT NULL,
	"incarnation" text NOT NULL,
	"sequence" bigint NOT NULL,
	"decided_us" bigint NOT NULL,
	"created_us" bigint NOT NULL,
	"updated_us" bigint NOT NULL
);

CREATE TABLE "orders_inbox" (
	"stream" text NOT NULL,
	"incarnation" text NOT NULL,
	"sequence" bigint NOT NULL,
	"tenant_id" text NOT NULL,
	"written_us" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000000)::bigint NOT NULL,
	CONSTRAINT "orders_inbox_stream_incarnation_sequence_pk" PRIMARY KEY("stream","incarnation","sequence")
);

CREATE TABLE "paper_fills" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"cl_ord_id" text NOT NULL,
	"venue" text NOT NULL,
	"instrument" text NOT NULL,
	"sub_account" text NOT NULL,
	"side" text NOT NULL,
	"trade_id" text NOT NULL,
	"quantity" numeric NOT NULL,
	"price" numeric NOT NULL,
	"fee" numeric NOT NULL,
	"fee_asset" text NOT NULL,
	"liquidity" text NOT NULL,
	"at_us" bigint NOT NULL
);

CREATE TABLE "paper_orders" (
	"account" text NOT NULL,
	"cl_ord_id" text NOT NULL,
	"tenant_id" text NOT NULL,
	"venue" text NOT NULL,
	"instrument" text NOT NULL,
	"order_type" text NOT NULL,
	"parent" text,
	"oco" text,
	"open" boolean NOT NULL,
	"state" jsonb NOT NULL,
	"updated_us" bigint NOT NULL,
	CONSTRAINT "paper_orders_account_cl_ord_id_pk" PRIMARY KEY("account","cl_ord_id")
);

CREATE TABLE "paper_requests" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"kind" text NOT NULL,
	"cl_ord_id" text NOT NULL,
	"origin" text NOT NULL,
	"epoch" bigint NOT NULL,
	"body" jsonb NOT NULL,
	"outcome" text NOT NULL,
	"reason" jsonb,
	"received_us" bigint NOT NULL,
	"written_us" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000000)::bigint NOT NULL
);

CREATE TABLE "portfolio_fills" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"strategy" text NOT NULL,
	"venue" text NOT NULL,
	"instrument" text NOT NULL,
	"kind" text NOT NULL,
	"trade_id" text NOT NULL,
	"order_id" text NOT NULL,
	"side" text NOT NULL,
	"quantity" numeric NOT NULL,
	"price" numeric NOT NULL,
	"fee" numeric NOT NULL,
	"fee_asset" text NOT NULL,
	"fee_value" numeric,
	"venue_time_us" bigint NOT NULL,
	"transaction_id" bigint NOT NULL,
	"realised" numeric NOT NULL,
	"fees" numeric NOT NULL,
	"at_us" bigint NOT NULL,
	CONSTRAINT "portfolio_fills_kind" CHECK ("portfolio_fills"."kind" in ('fill', 'bust'))
);

CREATE TABLE "portfolio_inbox" (
	"stream" text NOT NULL,
	"incarnation" text NOT NULL,
	"sequence" bigint NOT NULL,
	"tenant_id" text NOT NULL,
	"written_us" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000000)::bigint NOT NULL,
	CONSTRAINT "portfolio_inbox_stream_incarnation_sequence_pk" PRIMARY KEY("stream","incarnation","sequence")
);

CREATE TABLE "positions" (
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"strategy" text NOT NULL,
	"venue" text NOT NULL,
	"instrument" text NOT NULL,
	"quantity" numeric NOT NULL,
	"cost" numeric NOT NULL,
	"realised" numeric NOT NULL,
	"fees" numeric NOT NULL,
	"fills" integer NOT NULL,
	"last_us" bigint NOT NULL,
	"last_trade_id" text NOT NULL,
	"incarnation" text NOT NULL,
	"sequence" bigint NOT NULL,
	"at_us" bigint NOT NULL,
	CONSTRAINT "positions_tenant_id_account_strategy_venue_instrument_pk" PRIMARY KEY("tenant_id","account","strategy","venue","instrument")
);

CREATE TABLE "traded_instruments" (
	"venue" text NOT NULL,
	"instrument" text NOT NULL,
	"tenant_id" text NOT NULL,
	"definition" jsonb NOT NULL,
	CONSTRAINT "traded_instruments_venue_instrument_pk" PRIMARY KEY("venue","instrument")
);

CREATE TABLE "venue_cursors" (
	"venue" text NOT NULL,
	"account" text NOT NULL,
	"tenant_id" text NOT NULL,
	"cursor" bigint NOT NULL,
	CONSTRAINT "venue_cursors_venue_account_pk" PRIMARY KEY("venue","account")
);

CREATE TABLE "venue_leases" (
	"venue" text NOT NULL,
	"account" text NOT NULL,
	"tenant_id" text NOT NULL,
	"holder" text NOT NULL,
	"epoch" bigint NOT NULL,
	"expires_us" bigint NOT NULL,
	CONSTRAINT "venue_leases_venue_account_pk" PRIMARY KEY("venue","account")
);

ALTER TABLE "executions" ADD CONSTRAINT "executions_order_id_orders_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("order_id") ON DELETE no action ON UPDATE no action;

ALTER TABLE "fills" ADD CONSTRAINT "fills_order_id_orders_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("order_id") ON DELETE no action ON UPDATE no action;

ALTER TABLE "ledger_transactions" ADD CONSTRAINT "ledger_transactions_reverses_ledger_transactions_id_fk" FOREIGN KEY ("reverses") REFERENCES "public"."ledger_transactions"("id") ON DELETE no action ON UPDATE no action;

ALTER TABLE "portfolio_fills" ADD CONSTRAINT "portfolio_fills_transaction_id_ledger_transactions_id_fk" FOREIGN KEY ("transaction_id") REFERENCES "public"."ledger_transactions"("id") ON DELETE no action ON UPDATE no action;

CREATE INDEX "executions_order" ON "executions" USING btree ("order_id","id");

CREATE UNIQUE INDEX "fills_trade" ON "fills" USING btree ("account","venue","instrument","trade_id");

CREATE INDEX "fills_order" ON "fills" USING btree ("order_id");

CREATE INDEX "fills_account" ON "fills" USING btree ("account","id");

CREATE UNIQUE INDEX "ledger_accounts_key" ON "ledger_accounts" USING btree ("tenant_id","account","strategy","kind","asset");

CREATE UNIQUE INDEX "ledger_transactions_key" ON "ledger_transactions" USING btree ("tenant_id","account","key");

CREATE UNIQUE INDEX "ledger_transactions_reverses" ON "ledger_transactions" USING btree ("reverses") WHERE reverses is not null;

CREATE UNIQUE INDEX "order_attempts_cl_ord_id" ON "order_attempts" USING btree ("cl_ord_id");

CREATE INDEX "orders_account" ON "orders" USING btree ("account","created_us","order_id");

CREATE INDEX "orders_strategy" ON "orders" USING btree ("strategy","created_us");

CREATE UNIQUE INDEX "paper_fills_trade" ON "paper_fills" USING btree ("account","venue","instrument","trade_id");

CREATE INDEX "paper_fills_account" ON "paper_fills" USING btree ("account","id");

CREATE INDEX "paper_orders_oco" ON "paper_orders" USING btree ("account","oco") WHERE oco is not null;

CREATE INDEX "paper_requests_cl_ord_id" ON "paper_requests" USING btree ("account","cl_ord_id","id");

CREATE UNIQUE INDEX "portfolio_fills_trade" ON "portfolio_fills" USING btree ("tenant_id","account","venue","instrument","trade_id","kind");

CREATE INDEX "portfolio_fills_position" ON "portfolio_fills" USING btree ("account","strategy","venue","instrument","venue_time_us");
