import { decimalOf, decodeQuote, decodeTick, parseSubject, subjects } from '@contrail/contracts'
import type { Bus, Logger } from '@contrail/runtime'

/** Instruments that are followed at once; the first ones stay. */
const INSTRUMENTS_MAX = 10_000
/** Digits of a double that mean something, and below which price they would need more than 18 places. */
const SIGNIFICANT = 15
const SMALL = 0.001

/** The last price of each instrument: the middle of the last quote, else the last trade. Live only. */
export function createMarks(bus: Bus, log: Logger) {
  const quotes = new Map<string, number>()
  const ticks = new Map<string, number>()
  let refused = 0

  function set(into: Map<string, number>, key: string, price: number): void {
    if (Number.isFinite(price) && price > 0 && (into.has(key) || into.size < INSTRUMENTS_MAX)) into.set(key, price)
  }

  function take(subject: string, data: Uint8Array): void {
    try {
      const parsed = parseSubject(subject)
      if (parsed.kind === 'tick') set(ticks, `${parsed.venue}.${parsed.instrument}`, decodeTick(data).price)
      if (parsed.kind !== 'quote') return
      const { bid, ask } = decodeQuote(data)
      if (bid <= ask) set(quotes, `${parsed.venue}.${parsed.instrument}`, (bid + ask) / 2)
    } catch {
      refused++ // a broken frame is no price; ingest counts and reports them
    }
  }

  const subscriptions = [bus.subscribe(subjects.quote('*', '*'), take), bus.subscribe(subjects.tick('*', '*'), take)]
  const number = (venue: string, instrument: string): number | undefined => {
    const key = `${venue}.${instrument}`
    return quotes.get(key) ?? ticks.get(key)
  }

  return {
    of(venue: string, instrument: string): string | undefined {
      const price = number(venue, instrument)
      return price === undefined ? undefined : exact(price)
    },
    /** What the stream still holds, so that a restart has marks before the next tick. None is no fault. */
    async warm(venue: string, instrument: string): Promise<void> {
      for (const subject of [subjects.quote(venue, instrument), subjects.tick(venue, instrument)]) {
        const message = await bus.lastOnSubject('MD', subject).catch((error: unknown) => {
          log.warn({ err: error, subject }, 'no mark yet')
          return undefined
        })
        if (message && number(venue, instrument) === undefined) take(message.subject, message.data)
      }
    },
    refused: () => refused,
    stop: () => subscriptions.forEach((subscription) => subscription.stop()),
  }
}
export type Marks = ReturnType<typeof createMarks>

/** A double of the market as a decimal of at most 18 places; the noise of halving a sum is cut off. */
function exact(price: number): string {
  return price < SMALL ? price.toFixed(18) : decimalOf(Number(price.toPrecision(SIGNIFICANT)), 'mark')
}
