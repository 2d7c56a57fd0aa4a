/*
 * The world as a strategy under check sees it: whatever it reaches for that is not its input is written down with the
 * author's line. The house's own code and what strategies share is loaded before, and is not asked.
 */
export type Traps = {
  /** Runs the author's code: what it reaches for counts. What the house does for it meanwhile is put into `outside`. */
  inside<T>(act: () => T): T
  outside<T>(act: () => T): T
  /** While it is loaded. */
  arm(on: boolean): void
  /** Globals and intrinsics that are not what they were. */
  lookForChanges(): void
  readonly used: ReadonlySet<string>
}
type Callable = (...args: unknown[]) => unknown

const FORBIDDEN = [
  'performance crypto process navigator fetch XMLHttpRequest WebSocket EventSource BroadcastChannel MessageChannel',
  'MessagePort Worker SharedArrayBuffer Atomics WeakRef FinalizationRegistry Intl WebAssembly setTimeout setInterval',
  'setImmediate clearTimeout clearInterval clearImmediate queueMicrotask require module Buffer localStorage eval Promise',
  'sessionStorage AsyncDisposableStack',
]
  .join(' ')
  .split(' ')
const LOCAL_TIME = /^((get|set)(?!UTC|Time$)\w+|to(Date|Time|Locale\w*)?String)$/
const LOCALE = /^toLocale|^localeCompare$/

export function setTraps(options: { sharedFile: string; clockOffsetMs: number; shared: object }): Traps {
  const used = new Set<string>()
  let armed = false
  let asking = false
  const RealError = Error

  /** `file:line` of the author's code when it is what called; undefined when the house or the platform did. */
  function callerOf(): string | undefined {
    asking = true
    const stack = new RealError('who').stack ?? ''
    asking = false
    const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
    const first = frames.find((line) => !line.includes(import.meta.filename) && !line.endsWith('(<anonymous>)')) ?? ''
    if (first === '' || /node:|node_modules/.test(first) || first.includes(options.sharedFile)) return undefined
    if (/[\\/]check[\\/](thread|course|rows|watched)\.ts/.test(first)) return undefined
    return /([^\s/\\(]+?):(\d+):\d+\)?$/
      .exec(first)
      ?.slice(1, 3)
      .join(':')
      .replace(/\?n=\d+/, '')
  }
  function say(what: string): void {
    if (!armed || asking) return
    const place = callerOf()
    if (place !== undefined) used.add(`${what} at ${place}`)
  }
  const wrapped = (what: string, inner: Callable): Callable =>
    function (this: unknown, ...args: unknown[]): unknown {
      say(what)
      return Reflect.apply(inner, this, args)
    }
  const replace = (target: object, name: string | symbol, what: string) => {
    const inner: unknown = Reflect.get(target, name)
    if (typeof inner !== 'function') return
    Object.defineProperty(target, name, { value: wrapped(what, inner as Callable), configurable: true, writable: true })
  }

  trapDate(say, replace, options.clockOffsetMs)
  replace(Math, 'random', 'Math.random') // tidy-ok: it is what is trapped
  for (const proto of [String.prototype, Number.prototype, BigInt.prototype, Array.prototype, Object.prototype])
    for (const name of Object.getOwnPropertyNames(proto)) if (LOCALE.test(name)) replace(proto, name, name)
  for (const sample of [() => undefined, function* () {}, async () => undefined])
    trapConstructor(Object.getPrototypeOf(sample) as object, say)
  for (const name of FORBIDDEN) trapGlobal(name, say)
  trapGlobal('Function', say)
  trapErrors(say)
  const changes = watchIntrinsics(options.shared)
  function as<T>(state: boolean, act: () => T): T {
    const before = armed
    armed = state
    try {
      return act()
    } finally {
      armed = before
    }
  }
  return {
    arm: (on) => void (armed = on),
    inside: (act) => as(true, act),
    outside: (act) => as(false, act),
    lookForChanges: () => {
      for (const change of changes()) used.add(`changes ${change}`)
    },
    used,
  }
}

type Say = (what: string) => void

function trapGlobal(name: string, say: Say): void {
  const found = Object.getOwnPropertyDescriptor(globalThis, name)
  let value: unknown = Reflect.get(globalThis, name)
  if (!found || value === undefined) return
  Object.defineProperty(globalThis, name, {
    configurable: true,
    enumerable: found.enumerable ?? false,
    get() {
      say(name)
      return value
    },
    set(next: unknown) {
      say(`${name} =`)
      value = next
    },
  })
}

function trapConstructor(proto: object, say: Say): void {
  const inner: unknown = Reflect.get(proto, 'constructor')
  Object.defineProperty(proto, 'constructor', {
    configurable: true,
    get() {
      say('Function')
      return inner
    },
  })
}

function trapDate(say: Say, replace: (target: object, name: string, what: string) => void, offsetMs: number): void {
  const Real = Date
  const now = () => Real.now() + offsetMs
  for (const name of Object.getOwnPropertyNames(Real.prototype))
    if (LOCAL_TIME.test(name)) replace(Real.prototype, name, `Date ${name} (local time)`)
  const isLocalText = (text: unknown) =>
    typeof text === 'string' && !/(Z|GMT|UTC|[+-]\d\d:?\d\d)\s*$|^\d{4}-\d\d-\d\d$/.test(text)
  const Trapped = new Proxy(Real, {
    apply() {
      say('Date()')
      return new Real(now()).toString()
    },
    construct(target, args: unknown[], newTarget) {
      if (args.length === 0) say('new Date()') // tidy-ok: it is what is trapped
      if (args.length > 1 || isLocalText(args[0])) say('new Date of local time')
      return Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object
    },
    get(target, name) {
      if (name === 'now') {
        say('Date.now') // tidy-ok: it is what is trapped
        return now
      }
      if (name === 'parse')
        return (text: string) => {
          if (isLocalText(text)) say('Date.parse of local time')
          return target.parse(text)
        }
      return Reflect.get(target, name) as unknown
    },
  })
  Object.defineProperty(Real.prototype, 'constructor', { value: Trapped, configurable: true, writable: true })
  Object.defineProperty(globalThis, 'Date', { value: Trapped, configurable: true, writable: true })
}

/** Where an error was made depends on the machine: its stack is not an input. */
function trapErrors(say: Say): void {
  const Real = Error
  const watch = (error: object) => {
    const { stack } = error as { stack?: string }
    Object.defineProperty(error, 'stack', {
      configurable: true,
      get() {
        say('Error stack')
        return stack
      },
      set(value: unknown) {
        Object.defineProperty(error, 'stack', { value, configurable: true, writable: true })
      },
    })
    return error
  }
  const Trapped = new Proxy(Real, {
    apply: (target, _, args: ConstructorParameters<ErrorConstructor>) => watch(new target(...args)),
    construct: (target, args, newTarget) => watch(Reflect.construct(target, args, newTarget) as object),
    get(target, name) {
      if (name === 'captureStackTrace' || name === 'prepareStackTrace') say(`Error.${name}`)
      return Reflect.get(target, name) as unknown
    },
  })
  Object.defineProperty(globalThis, 'Error', { value: Trapped, configurable: true, writable: true })
}

/** Every property of the language's own objects, of the global one and of what strategies share. */
function watchIntrinsics(shared: object): () => string[] {
  const named = new Map<object, string>([[globalThis, 'globalThis']])
  const iterator = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object
  named.set(iterator, 'Iterator.prototype').set(Object.getPrototypeOf([][Symbol.iterator]()) as object, 'ArrayIterator')
  named.set(Object.getPrototypeOf(Float64Array) as object, 'TypedArray')
  named.set((Object.getPrototypeOf(Float64Array) as { prototype: object }).prototype, 'TypedArray.prototype')
  const add = (name: string, value: unknown) => {
    if ((typeof value !== 'function' && typeof value !== 'object') || value === null) return
    if (!named.has(value)) named.set(value, name)
    const proto: unknown = typeof value === 'function' ? (value as { prototype?: unknown }).prototype : undefined
    if (typeof proto === 'object' && proto !== null && !named.has(proto)) named.set(proto, `${name}.prototype`)
  }
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(globalThis)))
    if (/^[A-Z]/.test(name)) add(name, value)
  for (const exports of Object.values(shared) as object[])
    // What is no function fills itself in as it is used.
    for (const name of Object.keys(exports))
      if (typeof Reflect.get(exports, name) === 'function') add(name, Reflect.get(exports, name))
  const before = [...named.keys()].map((target) => ({ target, had: describe(target) }))
  return () =>
    before.flatMap(({ target, had }) => {
      const now = describe(target)
      const changed = [...now]
        .filter(([key, value]) => !Object.is(had.get(key), value) || !had.has(key))
        .map(([key]) => key)
      const gone = [...had.keys()].filter((key) => !now.has(key))
      return [...changed, ...gone].map((key) => `${named.get(target)}.${String(key)}`)
    })
}

function describe(target: object): Map<string | symbol, unknown> {
  const found = new Map<string | symbol, unknown>()
  for (const key of Reflect.ownKeys(target)) {
    const property = Object.getOwnPropertyDescriptor(target, key) as PropertyDescriptor
    found.set(key, Reflect.get(property, 'value' in property ? 'value' : 'get'))
  }
  return found
}
