/**
 * Who gets a subject. `list` to walk, with what the subject means to each of them beside it; `set` to ask. Never changed
 * once made: a change makes a new one.
 */
export type Route<T> = {
  readonly list: readonly T[]
  readonly resolved: readonly unknown[]
  readonly set: ReadonlySet<T>
}

type Node<T> = { children: Map<string, Node<T>>; members: Set<T> }

/**
 * Subject patterns (`*` one token, `>` the rest) to receivers, for one stream. Looked up per message, so what was found
 * is kept per subject; what is kept is dropped when receivers come or go.
 */
export class Mailboxes<T> {
  #root: Node<T> = { children: new Map(), members: new Set() }
  readonly #found = new Map<string, Route<T>>()
  readonly #resolve: (receiver: T, subject: string) => unknown
  #count = 0

  constructor(resolve: (receiver: T, subject: string) => unknown = () => undefined) {
    this.#resolve = resolve
  }

  add(pattern: string, receiver: T): void {
    const node = this.#node(pattern)
    if (node.members.has(receiver)) return
    node.members.add(receiver)
    this.#count += 1
    this.#forget(pattern)
  }

  remove(pattern: string, receiver: T): void {
    const node = this.#node(pattern)
    if (!node.members.delete(receiver)) return
    this.#count -= 1
    if (this.#count === 0) this.#root = { children: new Map(), members: new Set() }
    this.#forget(pattern)
  }

  get empty(): boolean {
    return this.#count === 0
  }

  route(subject: string): Route<T> {
    const known = this.#found.get(subject)
    if (known) return known
    const set = new Set<T>()
    collect(this.#root, subject.split('.'), 0, set)
    const list = [...set]
    const route = { list, resolved: list.map((receiver) => this.#resolve(receiver, subject)), set }
    this.#found.set(subject, route)
    return route
  }

  /** Subjects whose receivers are kept ready. */
  get known(): number {
    return this.#found.size
  }

  forget(): void {
    this.#found.clear()
  }

  #node(pattern: string): Node<T> {
    let node = this.#root
    for (const token of pattern.split('.')) {
      let child = node.children.get(token)
      if (!child) node.children.set(token, (child = { children: new Map(), members: new Set() }))
      node = child
    }
    return node
  }

  #forget(pattern: string): void {
    if (pattern.includes('*') || pattern.endsWith('>')) this.#found.clear()
    else this.#found.delete(pattern)
  }
}

/** Subjects to keep ready; beyond it they are found anew. */
export const SUBJECTS_MAX = 100_000

function collect<T>(node: Node<T>, tokens: readonly string[], at: number, into: Set<T>): void {
  for (const receiver of node.children.get('>')?.members ?? []) if (at < tokens.length) into.add(receiver)
  const token = tokens[at]
  if (token === undefined) {
    for (const receiver of node.members) into.add(receiver)
    return
  }
  const exact = node.children.get(token)
  if (exact) collect(exact, tokens, at + 1, into)
  const any = node.children.get('*')
  if (any) collect(any, tokens, at + 1, into)
}
