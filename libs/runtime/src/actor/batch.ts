import type { ActorBatch, ActorInput, ActorRun } from './program.ts'
import { Mailboxes, SUBJECTS_MAX } from './mailbox.ts'

/** Inputs handed out together at most: what they were decoded to is to stay near the processor from one actor to the next. */
export const BATCH_MAX = 1_024

/** Inputs of one stream that were there at once. */
export class Batch implements ActorBatch {
  readonly inputs: ActorInput[] = []
  readonly sequences = new Float64Array(BATCH_MAX)
  stream = ''
  count = 0
  memo: unknown = undefined

  begin(stream: string): void {
    this.stream = stream
    this.count = 0
    // Nothing outlives its batch: the next one overwrites what is left of it.
    this.memo = undefined
  }

  add(input: ActorInput): void {
    this.inputs[this.count] = input
    this.sequences[this.count++] = input.sequence
  }
}

/** One who takes inputs as they come. */
export type Member = {
  /** What a subject means to it: asked once, and given back with every input of that subject. */
  resolve(subject: string): unknown
}

const ROOM = 16
/** Most groups are one actor's own reports and commands, and mostly there are none: such a group weighs little. */
const NONE = new Int32Array(0)

/** Those who read the very same subjects of a stream: which inputs of a batch are theirs is found once for all of them. */
export class Group<T extends Member> implements ActorRun {
  readonly key: string
  readonly patterns: readonly string[]
  batch: Batch = EMPTY
  order = NONE
  meanings = NONE
  count = 0
  at = 0
  resolved: readonly unknown[] = []
  /** One taken out makes new lists: whoever walks one walks on. */
  members: readonly T[] = []
  tables: readonly unknown[][] = []
  #subjects: Map<string, number> | undefined

  constructor(key: string, patterns: readonly string[]) {
    this.key = key
    this.patterns = patterns
  }

  add(member: T): void {
    const table = Array.from(this.#subjects?.keys() ?? [], (subject) => member.resolve(subject))
    if (this.members.length === 0) {
      this.members = [member]
      this.tables = [table]
    } else {
      ;(this.members as T[]).push(member)
      ;(this.tables as unknown[][]).push(table)
    }
  }

  remove(member: T): void {
    const at = this.members.indexOf(member)
    this.members = this.members.toSpliced(at, 1)
    this.tables = this.tables.toSpliced(at, 1)
  }

  /** Index of the subject in the tables. */
  meaningOf(subject: string): number {
    const subjects = (this.#subjects ??= new Map<string, number>())
    const known = subjects.get(subject)
    if (known !== undefined) return known
    const index = subjects.size
    subjects.set(subject, index)
    this.members.forEach((member, at) => (this.tables[at] as unknown[]).push(member.resolve(subject)))
    return index
  }

  forget(): void {
    this.#subjects = undefined
    for (const table of this.tables) table.length = 0
  }

  take(index: number, meaning: number): void {
    if (this.count === this.order.length) this.#grow()
    this.order[this.count] = index
    this.meanings[this.count++] = meaning
  }

  #grow(): void {
    const room = Math.max(ROOM, this.order.length * 2)
    const [order, meanings] = [this.order, this.meanings]
    ;[this.order, this.meanings] = [new Int32Array(room), new Int32Array(room)]
    this.order.set(order)
    this.meanings.set(meanings)
  }
}

const EMPTY = new Batch()

/** Who reads what of one stream. */
export class Readers<T extends Member> {
  readonly #byKey = new Map<string, Group<T>>()
  readonly #of = new Map<T, Group<T>>()
  readonly #mailboxes = new Mailboxes<Group<T>>((group, subject) => group.meaningOf(subject))

  add(member: T, patterns: readonly string[]): void {
    const key = patterns.length === 1 ? (patterns[0] as string) : patterns.toSorted().join(' ')
    const before = this.#of.get(member)
    if (before?.key === key) return
    if (before) this.remove(member)
    let group = this.#byKey.get(key)
    if (!group) {
      this.#byKey.set(key, (group = new Group<T>(key, patterns)))
      for (const pattern of patterns) this.#mailboxes.add(pattern, group)
    }
    group.add(member)
    this.#of.set(member, group)
  }

  remove(member: T): void {
    const group = this.#of.get(member)
    if (!group) return
    this.#of.delete(member)
    group.remove(member)
    if (group.members.length > 0) return
    this.#byKey.delete(group.key)
    for (const pattern of group.patterns) this.#mailboxes.remove(pattern, group)
  }

  get empty(): boolean {
    return this.#of.size === 0
  }
  get all(): T[] {
    return [...this.#of.keys()]
  }
  isFor(member: T, subject: string): boolean {
    const group = this.#of.get(member)
    return group !== undefined && this.#mailboxes.route(subject).set.has(group)
  }

  /** Those who have something in this batch, each with what is theirs: `count` goes back to 0 by whoever hands it out. */
  divide(batch: Batch): Group<T>[] {
    if (this.#mailboxes.known >= SUBJECTS_MAX) this.#forget()
    const touched: Group<T>[] = []
    for (let i = 0; i < batch.count; i++) {
      const { list, resolved } = this.#mailboxes.route((batch.inputs[i] as ActorInput).subject)
      for (let k = 0; k < list.length; k++) {
        const group = list[k] as Group<T>
        if (group.count === 0) {
          group.batch = batch
          touched.push(group)
        }
        group.take(i, resolved[k] as number)
      }
    }
    return touched
  }

  #forget(): void {
    this.#mailboxes.forget()
    for (const group of this.#byKey.values()) group.forget()
  }
}
