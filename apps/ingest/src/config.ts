import { decimalField, instrumentField, timeframeField, venueField } from '@contrail/contracts'
import { FORMAT_NAMES, TIME_UNITS } from '@contrail/data'
import { z } from 'zod'

const MINUTE_MS = 60_000

/** `CONTRAIL_INGEST_SOURCE` and so on. Off is 0 where a number can be off. */
export const configSchema = z
  .strictObject({
    natsUrl: z.string().optional().describe('NATS with the user and password of ingest'),
    marketDbUrl: z.string().optional().describe('MARKET database as recorder; without it nothing is recorded'),
    host: z.string().default('127.0.0.1').describe('address of the internal door'),
    port: z.number().int().min(0).max(65_535).default(0).describe('port of the internal door; 0 = a free one'),
    internalToken: z.string().min(16).optional().describe('token that other services send'),

    ingestSource: z.enum(['synthetic', 'file', 'live']).default('synthetic').describe('where market data comes from'),
    ingestInstruments: z.array(instrumentField).optional().describe('instruments of the synthetic or live source'),

    ingestSeed: z.number().int().min(0).max(4_294_967_295).optional().describe('synthetic: seed; a new one each start'),
    ingestRatePerSecond: z.number().min(0.1).max(2000).default(4).describe('synthetic: trades per second, instrument'),

    ingestFiles: z.array(z.string().min(1)).max(64).optional().describe('file: paths, merged by time'),
    ingestFormat: z
      .enum(FORMAT_NAMES as [string, ...string[]])
      .optional()
      .describe('file: format; guessed when clear'),
    ingestInstrument: instrumentField.optional().describe('file: instrument, when the file does not name it'),
    ingestVenue: venueField.optional().describe('file: venue'),
    ingestTimeUnit: z.enum(TIME_UNITS).optional().describe('file: unit of its times, when it is not the usual one'),
    ingestTimeframe: timeframeField.optional().describe('file: timeframe of candles; found by their distance'),
    ingestVolumeIn: z.enum(['base', 'quote']).default('base').describe('file: what a volume column counts'),
    ingestTickSize: decimalField.optional().describe('file: price step; the finest seen'),
    ingestLotSize: decimalField.optional().describe('file: quantity step; the finest seen'),
    ingestSpeed: z
      .union([z.literal('max'), z.coerce.number().positive().max(1_000_000)])
      .default('max')
      .describe('file: 1 = as it was, 10 = ten times faster, max = as fast as the bus takes it'),
    ingestTimes: z.enum(['keep', 'shift']).default('keep').describe('file: its own times, or moved to now'),

    ingestLiveVenue: z.enum(['binance', 'bybit', 'kraken', 'delta']).default('binance').describe('live: venue'),
    ingestSilenceMs: z
      .number()
      .int()
      .min(1000)
      .max(10 * MINUTE_MS)
      .default(30_000)
      .describe('live: then REST is asked'),
    ingestPollMs: z.number().int().min(200).max(MINUTE_MS).default(2000).describe('live: pause between two questions'),

    ingestQuotesPerSecond: z.number().min(0).max(1000).default(20).describe('most quotes per instrument; 0 = all'),
    ingestBooksPerSecond: z.number().min(0).max(1000).default(4).describe('most books per instrument; 0 = all'),
    ingestBookLevels: z.number().int().min(1).max(100).default(10).describe('levels of each side in a book'),
    ingestStaleMs: z
      .number()
      .int()
      .min(0)
      .max(60 * MINUTE_MS)
      .default(10_000)
      .describe('silence that is stale; 0 = off'),

    ingestRecorder: z.boolean().default(true).describe('record into the MARKET database'),
    ingestRecordQuotes: z.boolean().default(false).describe('record quotes too'),
    ingestDataDir: z.string().min(1).optional().describe('folder of the columnar store that recorded data ends in'),
    ingestCopyMinutes: z.number().min(0).max(1440).default(10).describe('how often it is copied there; 0 = never'),
    ingestTickDays: z.number().int().min(0).max(10_000).default(30).describe('days that ticks are kept; 0 = for ever'),
  })
  .refine((config) => config.ingestSource !== 'file' || (config.ingestFiles?.length ?? 0) > 0, {
    path: ['ingestFiles'],
    message: 'a file source needs CONTRAIL_INGEST_FILES',
  })
  .refine((config) => config.ingestSource !== 'live' || (config.ingestInstruments?.length ?? 0) > 0, {
    path: ['ingestInstruments'],
    message: 'a live source needs CONTRAIL_INGEST_INSTRUMENTS, e.g. BTC-USDT,ETH-USDT',
  })
export type IngestConfig = z.infer<typeof configSchema>
