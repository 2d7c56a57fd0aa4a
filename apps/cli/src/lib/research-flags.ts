import { refuse } from '@contrail/contracts'

/** A whole number of a flag, or undefined when it is not given. */
export function wholeNumber(flag: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isInteger(value) || value < least) throw refuse('usage', flag, text, `a whole number from ${least}`)
  return value
}

export function realNumber(flag: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isFinite(value) || value < least) throw refuse('usage', flag, text, `a number from ${least}`)
  return value
}
