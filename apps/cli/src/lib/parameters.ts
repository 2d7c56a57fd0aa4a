import { refuse } from '@contrail/contracts'

/** `fast=5,slow=20,instrument=ETH-USDT` -> typed values: numbers and booleans where they look like it. */
export function parameters(text: string | undefined): Record<string, unknown> {
  if (text === undefined || text === '') return {}
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw refuse('usage', '--set', pair, 'write name=value, several separated by commas')
      return [pair.slice(0, at).trim(), typed(pair.slice(at + 1).trim())]
    }),
  )
}

function typed(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text
}
