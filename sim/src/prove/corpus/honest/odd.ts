import { onBars } from '../corpus.ts'
import type { Entry } from '../corpus.ts'

/** Honest, in styles that nobody would write in a handbook. */
export const ODD: readonly Entry[] = [
  onBars('utc-hours', {
    body: 'const hour = new Date(candle.openTimeUs / 1000).getUTCHours(); const up = hour % 2 === 0 && candle.close > candle.open',
  }),
  onBars('iso-text', {
    body: 'const day = new Date(ctx.nowUs / 1000).toISOString().slice(8, 10); const up = Number(day) % 2 === 1 && state.n % 9 < 5',
  }),
  onBars('utc-date-of', {
    body: 'const start = Date.UTC(2024, 0, 1) * 1000; const up = ((candle.openTimeUs - start) / 60_000_000) % 11 < 6',
  }),
  onBars('iso-parse', {
    body: `const start = Date.parse('2024-01-01T00:00:00Z'); const up = (candle.openTimeUs / 1000 - start) % 700_000 < 350_000`,
  }),
  onBars('own-indicator', {
    module:
      'class Decay { value = 0; constructor(weight) { this.weight = weight } update(x) { return (this.value = this.value === 0 ? x : this.value + this.weight * (x - this.value)) } snapshot() { return { value: this.value } } restore(saved) { this.value = saved.value } }',
    state: '{ n: 0, slow: new Decay(0.05), fast: new Decay(0.3) }',
    body: 'const up = state.fast.update(candle.close) > state.slow.update(candle.close)',
  }),
  onBars('ring-buffer', {
    state: '{ n: 0, ring: new Float64Array(20) }',
    body: 'state.ring[state.n % 20] = candle.close; let sum = 0; for (const one of state.ring) sum += one; const up = candle.close * 20 > sum',
  }),
  onBars('list-in-state', {
    state: '{ n: 0, closes: [0] }',
    body: 'state.closes.push(candle.close); if (state.closes.length > 15) state.closes.shift(); const up = candle.close > [...state.closes].sort((a, b) => a - b)[Math.floor(state.closes.length / 2)]',
  }),
  onBars('map-in-handler', {
    body: 'const counts = new Map(); for (const digit of String(candle.close)) counts.set(digit, (counts.get(digit) ?? 0) + 1); const up = [...counts.values()].some((count) => count > 1)',
  }),
  onBars('set-in-handler', {
    body: 'const digits = new Set(String(Math.round(candle.volume))); const up = digits.size > 2',
  }),
  onBars('json-round', {
    state: '{ n: 0, last: { close: 0 } }',
    body: 'const copy = JSON.parse(JSON.stringify({ close: candle.close })); const up = copy.close > state.last.close; state.last = copy',
  }),
  onBars('bigint-sum', {
    state: '{ n: 0, sum: 0n }',
    body: 'state.sum += BigInt(Math.round(candle.close * 100)); const up = Number(state.sum / BigInt(state.n)) < candle.close * 100',
  }),
  onBars('reduce-style', {
    state: '{ n: 0, closes: [0] }',
    body: 'state.closes = [...state.closes, candle.close].slice(-12); const mean = state.closes.reduce((sum, one) => sum + one, 0) / state.closes.length; const up = candle.close > mean',
  }),
  onBars('recursion', {
    module: 'const fibonacci = (n) => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2))',
    body: 'const up = fibonacci(state.n % 9) % 2 === 0',
  }),
  onBars('own-error', {
    module: `const checked = (x) => { if (x > 29_950) throw new RangeError('high'); return x }`,
    body: `let up = true; try { checked(candle.close) } catch (error) { up = error.message !== 'high' }`,
  }),
  onBars('local-generator', {
    module: 'function* range(count) { for (let i = 0; i < count; i++) yield i }',
    body: 'let sum = 0; for (const i of range(5)) sum += i * candle.close; const up = Math.round(sum) % 2 === 0',
  }),
  onBars('frozen-table', {
    module: 'const WEIGHTS = Object.freeze([0.5, 0.25, 0.15, 0.1])',
    state: '{ n: 0, closes: [0, 0, 0, 0] }',
    body: 'state.closes = [candle.close, ...state.closes.slice(0, 3)]; const mean = state.closes.reduce((sum, one, i) => sum + one * WEIGHTS[i], 0); const up = candle.close > mean',
  }),
  onBars('seeded-dice', {
    state: '{ n: 0, bits: 7 }',
    body: 'state.bits = (Math.imul(state.bits, 1_664_525) + 1_013_904_223) >>> 0; const up = state.bits / 4_294_967_296 < 0.5',
  }),
  onBars('local-regex', { body: 'const up = /[02468]$/.test(candle.close.toFixed(1))' }),
  onBars('destructured', {
    body: 'const { open, high, low, close } = candle; const range = high - low; const up = range > 0 && (close - low) / range > 0.5 && close > open - range',
  }),
  onBars('switch-machine', {
    state: `{ n: 0, phase: 'wait' }`,
    body: `switch (state.phase) { case 'wait': if (candle.close > candle.open) state.phase = 'in'; break; case 'in': if (candle.close < candle.open) state.phase = 'out'; break; default: state.phase = 'wait' } const up = state.phase === 'in'`,
  }),
  onBars('with-timer', {
    state: '{ n: 0, beats: 0 }',
    more: 'onTimer(ctx, state) { state.beats += 1 },',
    body: 'const up = state.beats % 10 < 5',
  }),
  onBars('with-fills', {
    state: '{ n: 0, fills: 0 }',
    more: `onFill(ctx, state, report) { state.fills += 1; ctx.note('price', Number(report.fill.price)) },`,
    body: 'const up = (state.n + state.fills) % 8 < 4',
  }),
  onBars('with-gap', {
    state: '{ n: 0, gaps: 0 }',
    more: 'onGap(ctx, state) { state.gaps += 1 },',
    body: 'const up = candle.close > candle.open && state.gaps === 0',
  }),
  onBars('says-on-console', { body: `if (state.n === 3) console.log('three bars'); const up = state.n % 6 < 3` }),
  onBars('helper-by-this', {
    more: 'rising(a, b) { return a > b },',
    body: 'const up = this.rising(candle.close, candle.open)',
  }),
  onBars('limit-orders', {
    body: `if (state.n % 20 === 0) ctx.cancelAll(); if (state.n % 20 === 1) ctx.buy({ quantity: 0.01, price: candle.close * 0.999, timeInForce: 'GTC', tag: 'below' }); const up = ctx.position().quantity > 0 && state.n % 7 > 1`,
  }),
  onBars('zod-in-handler', {
    module: 'const shape = z.object({ close: z.number().positive() })',
    body: 'const up = shape.parse({ close: candle.close }).close > candle.open',
  }),
]
