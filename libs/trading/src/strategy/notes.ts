/** Notes kept with one decision, and the longest text of one. */
export const NOTES_MAX = 64
export const NOTE_TEXT_MAX = 200

export type NoteValue = number | string | boolean | null
export type Reasons = Record<string, NoteValue>

/**
 * What one handler call noted. Most calls lead to no decision, so a note is two stores, and the object that a decision
 * carries is made when it is asked for. Numbers lie in a column: nothing is allocated for them.
 */
export class Notes {
  readonly #names: string[] = []
  readonly #numbers = new Float64Array(NOTES_MAX)
  readonly #others: (string | boolean | null | undefined)[] = []
  /** Of this call, and of the last call that noted anything. */
  count = 0
  #last = 0

  begin(): void {
    if (this.count === 0) return
    this.#last = this.count
    this.count = 0
  }

  /** False: there is no room for another name. */
  add(name: string, value: NoteValue): boolean {
    let at = this.count
    if (at < NOTES_MAX) this.count++
    else if ((at = this.#names.lastIndexOf(name)) < 0) return false
    this.#names[at] = name
    if (typeof value === 'number') {
      this.#numbers[at] = value
      if (this.#others[at] !== undefined || at >= this.#others.length) this.#others[at] = undefined
    } else {
      // Undefined comes from code without types only.
      this.#others[at] =
        typeof value === 'string' && value.length > NOTE_TEXT_MAX ? value.slice(0, NOTE_TEXT_MAX) : (value ?? null)
    }
    return true
  }

  /** Of this call, or, where it noted nothing, of the last one that did. */
  get reasons(): Reasons {
    return this.#read(this.count > 0 ? this.count : this.#last)
  }

  /** Of this call. */
  get now(): Reasons {
    return this.#read(this.count)
  }

  /** A name that was noted twice stands where it stood first, with the value it had last. */
  #read(count: number): Reasons {
    const reasons: Reasons = {}
    for (let i = 0; i < count; i++) {
      const other = this.#others[i]
      const number = this.#numbers[i]!
      reasons[this.#names[i]!] = other !== undefined ? other : Number.isFinite(number) ? number : null
    }
    return reasons
  }
}
