-- Made by "node db/src/generate.ts" from db/src/schema. Do not edit.
CREATE TABLE "actuals" (
	"strategy" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"event" text NOT NULL,
	"detail" text NOT NULL,
	"worker" text NOT NULL,
	"epoch" integer NOT NULL,
	"decisions" bigint NOT NULL,
	"incarnation" text NOT NULL,
	"sequence" bigint NOT NULL,
	"at_us" bigint NOT NULL
);

CREATE TABLE "definitions" (
	"tenant_id" text NOT NULL,
	"definition" text NOT NULL,
	"title" text NOT NULL,
	"written_us" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000000)::bigint NOT NULL,
	CONSTRAINT "definitions_tenant_id_definition_pk" PRIMARY KEY("tenant_id","definition")
);

CREATE TABLE "deployments" (
	"strategy" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"account" text NOT NULL,
	"definition" text NOT NULL,
	"code" text NOT NULL,
	"parameters" jsonb NOT NULL,
	"desired" text NOT NULL,
	"revision" integer NOT NULL,
	"updated_us" bigint NOT NULL,
	CONSTRAINT "deployments_desired" CHECK ("deployments"."desired" in ('running', 'paused', 'stopped')),
	CONSTRAINT "deployments_revision" CHECK ("deployments"."revision" > 0)
);

CREATE TABLE "jobs" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"number" bigserial NOT NULL,
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"request" jsonb NOT NULL,
	"code" text NOT NULL,
	"by" text NOT NULL,
	"key" text,
	"body_hash" text NOT NULL,
	"phase" text NOT NULL,
	"done" double precision NOT NULL,
	"total" double precision NOT NULL,
	"rate" double precision NOT NULL,
	"eta_ms" double precision,
	"cancelling" boolean NOT NULL,
	"run" text,
	"error" jsonb,
	"attempts" integer NOT NULL,
	"owner" text,
	"lease_us" bigint,
	"revision" integer NOT NULL,
	"created_us" bigint NOT NULL,
	"started_us" bigint,
	"finished_us" bigint,
	"written_us" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000000)::bigint NOT NULL,
	CONSTRAINT "jobs_state" CHECK ("jobs"."state" in ('queued', 'running', 'done', 'failed', 'cancelled', 'partial')),
	CONSTRAINT "jobs_owner" CHECK (("jobs"."state" = 'running') = ("jobs"."owner" is not null))
);

CREATE TABLE "runs" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"summary" jsonb NOT NULL,
	"written_us" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000000)::bigint NOT NULL,
	CONSTRAINT "runs_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);

CREATE TABLE "strategy_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"strategy" text NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"by" text NOT NULL,
	"detail" text NOT NULL,
	"epoch" integer NOT NULL,
	"decisions" bigint NOT NULL,
	"incarnation" text,
	"sequence" bigint,
	"at_us" bigint NOT NULL,
	"written_us" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000000)::bigint NOT NULL
);

CREATE TABLE "strategy_outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"kind" text NOT NULL,
	"target" text NOT NULL,
	"key" text,
	"payload" jsonb NOT NULL,
	"published_us" bigint,
	"written_us" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000000)::bigint NOT NULL
);

CREATE TABLE "versions" (
	"tenant_id" text NOT NULL,
	"definition" text NOT NULL,
	"code" text NOT NULL,
	"source_hash" text NOT NULL,
	"source" text NOT NULL,
	"bundle" "bytea",
	"parameters_schema" jsonb NOT NULL,
	"written_us" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000000)::bigint NOT NULL,
	CONSTRAINT "versions_tenant_id_definition_code_pk" PRIMARY KEY("tenant_id","definition","code"),
	CONSTRAINT "versions_code_sha256" CHECK ("versions"."code" ~ '^[0-9a-f]{64}$')
);

ALTER TABLE "deployments" ADD CONSTRAINT "deployments_tenant_id_definition_code_versions_tenant_id_definition_code_fk" FOREIGN KEY ("tenant_id","definition","code") REFERENCES "public"."versions"("tenant_id","definition","code") ON DELETE no action ON UPDATE no action;

ALTER TABLE "versions" ADD CONSTRAINT "versions_tenant_id_definition_definitions_tenant_id_definition_fk" FOREIGN KEY ("tenant_id","definition") REFERENCES "public"."definitions"("tenant_id","definition") ON DELETE no action ON UPDATE no action;

CREATE INDEX "deployments_tenant" ON "deployments" USING btree ("tenant_id");

CREATE UNIQUE INDEX "jobs_key" ON "jobs" USING btree ("tenant_id","key");

CREATE INDEX "jobs_waiting" ON "jobs" USING btree ("number") WHERE "jobs"."state" in ('queued', 'running');

CREATE INDEX "jobs_tenant" ON "jobs" USING btree ("tenant_id","number");

CREATE INDEX "jobs_run" ON "jobs" USING btree ("run");

CREATE UNIQUE INDEX "strategy_events_message" ON "strategy_events" USING btree ("incarnation","sequence");

CREATE INDEX "strategy_events_strategy" ON "strategy_events" USING btree ("strategy","id");

CREATE INDEX "strategy_outbox_due" ON "strategy_outbox" USING btree ("id") WHERE "strategy_outbox"."published_us" is null;
