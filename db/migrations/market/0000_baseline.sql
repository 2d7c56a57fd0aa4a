-- Made by "node db/src/generate.ts" from db/src/schema. Do not edit.
CREATE TABLE "candles" (
	"venue" text NOT NULL,
	"instrument" text NOT NULL,
	"timeframe" text NOT NULL,
	"open_time_us" bigint NOT NULL,
	"close_time_us" bigint NOT NULL,
	"open" double precision NOT NULL,
	"high" double precision NOT NULL,
	"low" double precision NOT NULL,
	"close" double precision NOT NULL,
	"volume" double precision NOT NULL,
	"quote_volume" double precision NOT NULL,
	"trades" integer NOT NULL,
	"receive_time_us" bigint NOT NULL,
	"source_id" integer NOT NULL,
	"sequence" bigint NOT NULL,
	CONSTRAINT "candles_venue_instrument_timeframe_open_time_us_pk" PRIMARY KEY("venue","instrument","timeframe","open_time_us")
);

CREATE TABLE "gaps" (
	"gap_id" bigserial PRIMARY KEY NOT NULL,
	"source_id" integer NOT NULL,
	"from_sequence" bigint NOT NULL,
	"to_sequence" bigint NOT NULL,
	"reason" text NOT NULL,
	"noticed_us" bigint NOT NULL
);

CREATE TABLE "instruments" (
	"venue" text NOT NULL,
	"instrument" text NOT NULL,
	"definition" jsonb NOT NULL,
	"updated_us" bigint NOT NULL,
	CONSTRAINT "instruments_venue_instrument_pk" PRIMARY KEY("venue","instrument")
);

CREATE TABLE "quotes" (
	"receive_time_us" bigint NOT NULL,
	"venue_time_us" bigint NOT NULL,
	"source_id" integer NOT NULL,
	"sequence" bigint NOT NULL,
	"venue" text NOT NULL,
	"instrument" text NOT NULL,
	"bid" double precision NOT NULL,
	"bid_quantity" double precision NOT NULL,
	"ask" double precision NOT NULL,
	"ask_quantity" double precision NOT NULL,
	CONSTRAINT "quotes_source_id_sequence_receive_time_us_pk" PRIMARY KEY("source_id","sequence","receive_time_us")
);

CREATE TABLE "sources" (
	"source_id" serial PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"detail" text DEFAULT '' NOT NULL,
	"created_us" bigint NOT NULL,
	"last_sequence" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "sources_name_unique" UNIQUE("name")
);

CREATE TABLE "ticks" (
	"receive_time_us" bigint NOT NULL,
	"venue_time_us" bigint NOT NULL,
	"source_id" integer NOT NULL,
	"sequence" bigint NOT NULL,
	"venue" text NOT NULL,
	"instrument" text NOT NULL,
	"trade_id" text NOT NULL,
	"side" smallint NOT NULL,
	"price" double precision NOT NULL,
	"quantity" double precision NOT NULL,
	CONSTRAINT "ticks_source_id_sequence_receive_time_us_pk" PRIMARY KEY("source_id","sequence","receive_time_us")
);

ALTER TABLE "gaps" ADD CONSTRAINT "gaps_source_id_sources_source_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."sources"("source_id") ON DELETE no action ON UPDATE no action;

CREATE INDEX "quotes_by_instrument" ON "quotes" USING btree ("venue","instrument","receive_time_us" DESC NULLS LAST);

CREATE INDEX "ticks_by_instrument" ON "ticks" USING btree ("venue","instrument","receive_time_us" DESC NULLS LAST);
