export type Honest = {
  readonly name: string
  readonly file?: string
  readonly source?: string
  readonly parameters?: Record<string, unknown>
}
export function honestStrategies(): Honest[] {
  return []
}
