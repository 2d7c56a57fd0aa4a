import { onBars } from '../corpus.ts'
import type { Entry } from '../corpus.ts'

/** They remember what a restart forgets, or what a state cannot hold. */
export const MEMORY: readonly Entry[] = [
  onBars('module-counter', { module: 'let calls = 0', body: 'calls += 1; const up = calls % 7 < 4' }),
  onBars('module-sum', {
    module: 'const sums = { close: 0 }',
    body: 'sums.close = sums.close * 0.9 + candle.close * 0.1; const up = candle.close > sums.close',
  }),
  onBars('module-indicator', {
    module: 'const sma = new Sma(9)',
    body: 'const up = candle.close > sma.update(candle.close)',
  }),
  onBars('generator', {
    module: 'const numbers = (function* () { let n = 0; for (;;) yield n++ })()',
    body: 'const up = numbers.next().value % 5 < 3',
  }),
  onBars('regex-index', { module: 'const every = /1/g', body: `const up = every.test('11111')` }),
  onBars('static-field', {
    module: 'class Memory { static last = 0 }',
    body: 'const up = candle.close > Memory.last; Memory.last = candle.close',
  }),
  onBars('private-instance', {
    module:
      'class Memory { #last = 0; rise(close) { const up = close > this.#last; this.#last = close; return up } } const memory = new Memory()',
    body: 'const up = memory.rise(candle.close)',
  }),
  onBars('weak-map-by-state', {
    module: 'const hidden = new WeakMap()',
    body: 'const last = hidden.get(state) ?? 0; hidden.set(state, candle.close); const up = candle.close > last',
  }),
  onBars('weak-map-by-parameters', {
    module: 'const hidden = new WeakMap()',
    body: 'const last = hidden.get(ctx.parameters) ?? 0; hidden.set(ctx.parameters, candle.close); const up = candle.close > last',
  }),
  onBars('parameters-changed', {
    body: 'const last = ctx.parameters.last ?? 0; ctx.parameters.last = candle.close; const up = candle.close > last',
  }),
  onBars('definition-changed', {
    body: 'const last = this.last ?? 0; this.last = candle.close; const up = candle.close > last',
  }),
  onBars('library-changed', { body: 'Sma.last ??= 0; const up = candle.close > Sma.last; Sma.last = candle.close' }),
  onBars('prototype-changed', {
    body: 'const last = Sma.prototype.last ?? 0; Sma.prototype.last = candle.close; const up = candle.close > last',
  }),
  onBars('symbol-store', {
    body: `const key = Symbol.for('last'); const last = Object[key] ?? 0; Object[key] = candle.close; const up = candle.close > last`,
  }),
  onBars('instrument-changed', {
    body: 'const about = ctx.instrument(); const last = about.last ?? 0; about.last = candle.close; const up = candle.close > last',
  }),
  onBars('hidden-symbol-in-state', {
    module: `const KEY = Symbol('last')`,
    body: 'const last = state[KEY] ?? 0; state[KEY] = candle.close; const up = candle.close > last',
  }),
  onBars('hidden-property-in-state', {
    body: `const last = state.hidden ?? 0; Object.defineProperty(state, 'hidden', { value: candle.close, enumerable: false, configurable: true }); const up = candle.close > last`,
  }),
  onBars('property-on-list', {
    state: '{ n: 0, list: [1] }',
    body: 'const last = state.list.last ?? 0; state.list.last = candle.close; const up = candle.close > last',
  }),
  onBars('map-in-state', {
    state: '{ n: 0, map: new Map() }',
    body: `state.map.set('last', candle.close); const up = state.map.size > 0 && state.n % 2 === 0`,
  }),
  onBars('class-in-state', {
    module: 'class Last { close = 0 }',
    state: '{ n: 0, last: new Last() }',
    body: 'const up = candle.close > state.last.close; state.last.close = candle.close',
  }),
  onBars('forgetful-indicator', {
    module:
      'class Last { value = 0; update(close) { const up = close > this.value; this.value = close; return up } snapshot() { return {} } restore() {} }',
    state: '{ n: 0, last: new Last() }',
    body: 'const up = state.last.update(candle.close)',
  }),
  onBars('nan-note', { body: `const up = state.n % 2 === 0; ctx.note('ratio', 0 / 0)` }),
  onBars('nan-state', {
    state: '{ n: 0, ratio: 0 }',
    body: 'state.ratio = Math.log(-candle.close); const up = state.n % 2 === 0',
  }),
  onBars('nan-order', { body: 'const up = state.n % 2 === 0; if (state.n === 40) ctx.buy({ quantity: NaN })' }),
  onBars('promise-returned', { body: 'const up = state.n % 2 === 0; if (state.n === 40) return { then() {} }' }),
  onBars('throws-late', { body: `const up = state.n % 2 === 0; if (state.n === 400) throw new RangeError('late')` }),
]
