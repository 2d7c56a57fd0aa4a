/** A refusal names the field, the value and the mend. It is an answer, not a fault: no stack trace leaves a door. */
export class Refusal extends Error {
  readonly code: string
  readonly field: string
  readonly value: string
  readonly mend: string
  constructor(code: string, field: string, value: unknown, mend: string) {
    const shown = show(value)
    super(`${field}: ${shown} refused (${code}); ${mend}`)
    this.name = 'Refusal'
    this.code = code
    this.field = field
    this.value = shown
    this.mend = mend
  }
}

export const refuse = (code: string, field: string, value: unknown, mend: string): Refusal =>
  new Refusal(code, field, value, mend)

/** Longest value that is quoted back; the rest is cut. */
const SHOWN_MAX = 120

function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
}
