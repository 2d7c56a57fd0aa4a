import { WrongLastSequence } from './bus.ts'
import type { BusMessage, PublishAck, PublishOptions, StreamState } from './bus.ts'

const NONE: Readonly<Record<string, string>> = Object.freeze({})

/** `a.*.c` and `a.>` as the server matches them. */
export function subjectMatches(pattern: string, subject: string): boolean {
  const want = pattern.split('.')
  const have = subject.split('.')
  for (let i = 0; i < want.length; i++) {
    if (want[i] === '>') return have.length > i
    if (have[i] === undefined || (want[i] !== '*' && want[i] !== have[i])) return false
  }
  return want.length === have.length
}

export const matchesAny = (patterns: readonly string[] | undefined, subject: string): boolean =>
  !patterns || patterns.length === 0 || patterns.some((pattern) => subjectMatches(pattern, subject))

/** A stream in memory: sequences, expected last sequence and duplicates as nats-server does them. */
export class MemoryStream {
  readonly name: string
  readonly subjects: readonly string[]
  readonly incarnation: string
  readonly #messages: BusMessage[] = []
  readonly #last = new Map<string, number>()
  readonly #ids = new Map<string, number>()
  #first = 1
  readonly #listeners = new Set<() => void>()

  constructor(name: string, subjects: readonly string[], incarnation: string) {
    this.name = name
    this.subjects = subjects
    this.incarnation = incarnation
  }

  state(): StreamState {
    const last = this.#first + this.#messages.length - 1
    return { incarnation: this.incarnation, firstSequence: this.#first, lastSequence: last }
  }

  get(sequence: number): BusMessage | undefined {
    return this.#messages[sequence - this.#first]
  }

  lastOn(subject: string): BusMessage | undefined {
    const sequence = this.#last.get(subject)
    return sequence === undefined ? undefined : this.get(sequence)
  }

  currentSubjects(): string[] {
    return [...this.#last.keys()]
  }

  publish(subject: string, data: Uint8Array, options: PublishOptions, timeUs: number): PublishAck {
    const known = options.messageId === undefined ? undefined : this.#ids.get(options.messageId)
    const expected = options.expectedLastSubjectSequence
    const last = this.lastOn(subject)?.sequence ?? 0
    if (expected !== undefined && expected !== last)
      throw new WrongLastSequence(`${subject}: wrong last sequence: ${last} (10071)`)
    const before = options.expectedLastMessageId
    if (before !== undefined && before !== this.#messages.at(-1)?.headers['Nats-Msg-Id'])
      throw new WrongLastSequence(`${subject}: the last message is not ${before} (10070)`)
    if (known !== undefined) return { stream: this.name, sequence: known, duplicate: true }
    const sequence = this.#first + this.#messages.length
    const headers = options.messageId === undefined ? options.headers : withId(options)
    this.#messages.push({ subject, data: data.slice(), stream: this.name, sequence, timeUs, headers: headers ?? NONE })
    this.#last.set(subject, sequence)
    if (options.messageId !== undefined) this.#ids.set(options.messageId, sequence)
    for (const listener of this.#listeners) listener()
    return { stream: this.name, sequence, duplicate: false }
  }

  /** What a limit on age or bytes does: the oldest go. */
  discardBelow(sequence: number): void {
    const gone = this.#messages.splice(0, Math.max(0, sequence - this.#first))
    this.#first += gone.length
    for (const message of gone)
      if (this.#last.get(message.subject) === message.sequence) this.#last.delete(message.subject)
  }

  onStored(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

function withId(options: PublishOptions): Record<string, string> {
  return { ...options.headers, 'Nats-Msg-Id': options.messageId ?? '' }
}
