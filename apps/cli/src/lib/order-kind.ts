import { refuse } from '@contrail/contracts'

type Prices = Record<'price' | 'stop' | 'touch' | 'trail', string | undefined>

/** What the flags of an order make of it. */
export function orderKind({ price, stop, touch, trail }: Prices): Record<string, string> {
  const triggers = [stop, touch, trail].filter((each) => each !== undefined)
  if (triggers.length > 1 || (trail && price))
    throw refuse(
      'usage',
      'stop',
      triggers.join(' '),
      'give one of --stop, --touch and --trail; no --price with --trail',
    )
  if (trail)
    return trail.endsWith('%')
      ? { orderType: 'trailing_stop', trailingPercent: trail.slice(0, -1) }
      : { orderType: 'trailing_stop', trailingOffset: trail }
  const trigger = stop ?? touch
  const limit = price ? { price } : {}
  if (trigger === undefined) return { orderType: price ? 'limit' : 'market', ...limit }
  const kind = stop ? 'stop' : 'take_profit'
  return { orderType: price ? `${kind}_limit` : kind, stopPrice: trigger, ...limit }
}
