import { encodeQuote, encodeTick, subjects, us } from '@contrail/contracts'
import type { World } from './world.ts'

const EVERY_MS = 500
const SIZE = 1_000

/** A market that never moves and is never stale, for orders to be filled in. */
export async function keepQuoted({ bus, venue }: World, instrument: string): Promise<{ stop(): void }> {
  let count = 0
  const say = async () => {
    const atUs = us(Date.now() * 1000)
    const times = { venueTimeUs: atUs, receiveTimeUs: atUs }
    const quote = { bid: 99.99, ask: 100.01, bidQuantity: SIZE, askQuantity: SIZE, ...times }
    await bus.publish(subjects.quote(venue, instrument), encodeQuote(quote))
    const tick = { tradeId: `q${count++}`, side: 'buy' as const, price: 100, quantity: SIZE, ...times }
    await bus.publish(subjects.tick(venue, instrument), encodeTick(tick))
  }
  await say()
  const timer = setInterval(() => void say().catch((error: unknown) => console.error(error)), EVERY_MS)
  return { stop: () => clearInterval(timer) }
}
