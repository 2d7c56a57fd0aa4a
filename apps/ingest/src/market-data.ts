import { DAY_US, MINUTE_US, SECOND_US, LIVE_TIMEFRAMES, TIMEFRAME_US } from '@contrail/contracts'
import type { Candle, Us } from '@contrail/contracts'
import { inspectFile } from '@contrail/data'
import type { ServiceContext } from '@contrail/runtime'
import { randomInt } from 'node:crypto'
import type { Archive } from './archive/archive.ts'
import type { IngestConfig } from './config.ts'
import { createFileSource } from './source/file/source.ts'
import { createLiveSource } from './source/live/source.ts'
import type { Source } from './source/port.ts'
import { createSyntheticSource } from './source/synthetic/source.ts'

const SEED_MAX = 4_294_967_295
/** How far back the synthetic market has been trading at a first start, or after a longer pause. */
const PAST_US = 20 * MINUTE_US

/** The source that the configuration asks for. */
export async function createSource(
  config: IngestConfig,
  { clock, log }: ServiceContext,
  archive: Archive | undefined,
): Promise<Source> {
  switch (config.ingestSource) {
    case 'synthetic': {
      const seed = config.ingestSeed ?? randomInt(SEED_MAX)
      log.info({ seed }, 'synthetic market')
      const lastPrices = await archive?.lastPrices('sim')
      const lastTickUs = (await archive?.lastTickUs('sim')) ?? 0
      const sinceUs = Math.max(clock.nowUs() - PAST_US, lastTickUs + SECOND_US)
      return createSyntheticSource({
        clock,
        ...(archive && sinceUs < clock.nowUs() ? { sinceUs } : {}),
        seed,
        ratePerSecond: config.ingestRatePerSecond,
        ...(lastPrices ? { lastPrices } : {}),
        ...(config.ingestInstruments ? { instruments: config.ingestInstruments } : {}),
      })
    }
    case 'file':
      return await fileSource(config, clock)
    case 'live':
      return createLiveSource({
        venue: config.ingestLiveVenue,
        instruments: config.ingestInstruments ?? [],
        clock,
        log,
        silenceMs: config.ingestSilenceMs,
        pollMs: config.ingestPollMs,
      })
  }
}

async function fileSource(config: IngestConfig, clock: ServiceContext['clock']): Promise<Source> {
  const feeds = []
  for (const file of config.ingestFiles ?? [])
    feeds.push(
      await inspectFile({
        file,
        format: config.ingestFormat,
        instrument: config.ingestInstrument,
        venue: config.ingestVenue,
        timeUnit: config.ingestTimeUnit,
        timeframe: config.ingestTimeframe,
        volumeIn: config.ingestVolumeIn,
        tickSize: config.ingestTickSize,
        lotSize: config.ingestLotSize,
      }),
    )
  return createFileSource(feeds, { clock, speed: config.ingestSpeed, times: config.ingestTimes })
}

/** Bars that were forming when the process ended, from their recorded seconds. What was never recorded stays missing. */
export async function formingBars(
  archive: Archive,
  venue: string,
  instrument: string,
  nowUs: number,
): Promise<Candle[]> {
  const bars: Candle[] = []
  for (const timeframe of LIVE_TIMEFRAMES) {
    const openTimeUs = nowUs - (nowUs % TIMEFRAME_US[timeframe])
    if (timeframe === '1s' || TIMEFRAME_US[timeframe] > DAY_US) continue
    const bar = await archive.barSoFar(venue, instrument, openTimeUs, nowUs)
    if (bar)
      bars.push({
        schema: 1,
        timeframe,
        openTimeUs: openTimeUs as Us,
        closeTimeUs: (openTimeUs + TIMEFRAME_US[timeframe]) as Us,
        open: bar.open,
        high: bar.high,
        low: bar.low,
        close: bar.close,
        volume: bar.volume,
        quoteVolume: bar.quoteVolume,
        trades: bar.trades,
        receiveTimeUs: nowUs as Us,
      })
  }
  return bars
}
