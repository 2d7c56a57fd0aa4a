import { refuse } from '@contrail/contracts'

export const scopeArgs = {
  all: { type: 'boolean', description: 'The whole platform' },
  strategy: { type: 'string', description: 'One strategy' },
  account: { type: 'string', description: 'One account' },
  instrument: { type: 'string', description: 'One instrument, as venue.BASE-QUOTE' },
} as const

type Given = {
  all?: boolean | undefined
  strategy?: string | undefined
  account?: string | undefined
  instrument?: string | undefined
}

/** Exactly one scope: a kill switch may not guess. */
export function scopeOf(given: Given): string {
  const scopes = [
    ...(given.all ? ['platform'] : []),
    ...(given.strategy ? [`strategy.${given.strategy}`] : []),
    ...(given.account ? [`account.${given.account}`] : []),
    ...(given.instrument ? [`instrument.${given.instrument}`] : []),
  ]
  if (scopes.length !== 1)
    throw refuse(
      'usage',
      'scope',
      scopes.join(' ') || 'nothing',
      'give one of --all, --strategy, --account, --instrument',
    )
  return scopes[0] as string
}
