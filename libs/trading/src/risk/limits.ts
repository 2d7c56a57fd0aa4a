/** Limits are data. A missing one sets no limit at that scope; where several scopes set one, the tightest wins. */
export type Limits = {
  /** C2, in quote. */
  readonly notionalMax: number
  /** C3, in base: what the venue takes at most. Infinity where it names none. */
  readonly quantityMax: number
  /** C3: part of the volume of 24 h; no check where that is unknown. */
  readonly volumePartMax: number
  /** C4: how far a limit price may be from mid, and from the last trade. Parts of one. */
  readonly midCollar: number
  readonly lastCollar: number
  /** C5: band around mid that a market order may reach, as a part of one. */
  readonly protectionBand: number
  /** C6. */
  readonly tickAgeMaxUs: number
  /** C7. */
  readonly signalAgeMaxUs: number
  /** C8: an equal order within this time is taken for a mistake. 0 = no check. */
  readonly duplicateWindowUs: number
  /** C11: orders of one strategy in a second and a minute, of one account in a second; cancels have their own share. */
  readonly strategyPerSecond: number
  readonly strategyPerMinute: number
  readonly accountPerSecond: number
  readonly cancelsPerSecond: number
}

/** Defaults of orders.md. Where a value must be above a limit of the venue, an operator sets it per instrument. */
export const LIMITS_DEFAULT: Limits = {
  notionalMax: 10_000,
  quantityMax: Number.POSITIVE_INFINITY,
  volumePartMax: 0.05,
  midCollar: 0.02,
  lastCollar: 0.1,
  protectionBand: 0.005,
  tickAgeMaxUs: 2_000_000,
  signalAgeMaxUs: 5_000_000,
  duplicateWindowUs: 2_000_000,
  strategyPerSecond: 5,
  strategyPerMinute: 60,
  accountPerSecond: 20,
  cancelsPerSecond: 10,
}

/** No configuration reaches above it: that needs two persons and a new version of this line. */
export const NOTIONAL_CEILING = 100_000

export type Scope = {
  readonly tenant: string
  readonly account: string
  readonly strategy: string
  readonly venue: string
  readonly instrument: string
}

/** From the widest to the narrowest. The same words are the keys of the `halts` bucket. */
export const scopeKeys = (scope: Scope): readonly string[] => [
  'platform',
  `tenant.${scope.tenant}`,
  `account.${scope.account}`,
  `strategy.${scope.strategy}`,
  `instrument.${scope.venue}.${scope.instrument}`,
]

export type LimitTable = Readonly<Record<string, Partial<Limits>>>

/**
 * The platform's limits replace the defaults; a narrower scope can only tighten them. All limits are maxima, except
 * `duplicateWindowUs`, where longer is tighter.
 */
export function limitsFor(table: LimitTable, scope: Scope): Limits {
  const limits: Record<keyof Limits, number> = { ...LIMITS_DEFAULT, ...table['platform'] }
  for (const key of hasNarrower(table) ? scopeKeys(scope).slice(1) : []) {
    const narrower = table[key] as Partial<Record<keyof Limits, number>> | undefined
    if (!narrower) continue
    for (const [name, value] of Object.entries(narrower) as [keyof Limits, number][])
      limits[name] = name === 'duplicateWindowUs' ? Math.max(limits[name], value) : Math.min(limits[name], value)
  }
  limits.notionalMax = Math.min(limits.notionalMax, NOTIONAL_CEILING)
  return limits
}

function hasNarrower(table: LimitTable): boolean {
  for (const key in table) if (key !== 'platform') return true
  return false
}
