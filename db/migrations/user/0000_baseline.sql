-- Made by "node db/src/generate.ts" from db/src/schema. Do not edit.
CREATE TABLE "accounts" (
	"account" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"venue_kind" text NOT NULL,
	"currency" text NOT NULL,
	"written_us" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000000)::bigint NOT NULL
);

CREATE TABLE "tenants" (
	"tenant_id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"written_us" bigint DEFAULT (extract(epoch from clock_timestamp()) * 1000000)::bigint NOT NULL
);

ALTER TABLE "accounts" ADD CONSTRAINT "accounts_tenant_id_tenants_tenant_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("tenant_id") ON DELETE no action ON UPDATE no action;

CREATE INDEX "accounts_tenant" ON "accounts" USING btree ("tenant_id");
