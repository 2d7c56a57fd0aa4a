import { onBars } from '../corpus.ts'
import type { Entry } from '../corpus.ts'

/** They know what comes: from a run before, from a table, from the columns behind a row. */
export const FUTURE: readonly Entry[] = [
  onBars('peek-one', {
    module: 'const seen = new Map()',
    body: 'const next = seen.get(candle.openTimeUs + 60_000_000); seen.set(candle.openTimeUs, candle.close); const up = next === undefined ? state.n % 2 === 0 : next > candle.close',
  }),
  onBars('peek-many', {
    module: 'const seen = []',
    body: 'seen[state.n] = candle.close; const up = (seen[state.n + 10] ?? 0) > candle.close',
  }),
  onBars('peek-highest', {
    module: 'let highest = 0',
    body: 'highest = Math.max(highest, candle.high); const up = candle.close < highest * 0.98',
  }),
  onBars('forming-candle', {
    module: 'let kept = { close: 0 }',
    body: 'const up = candle.close > kept.close; kept = candle',
  }),
  onBars('shared-array', {
    module: 'const shared = new Float64Array(4096)',
    body: 'shared[state.n] = candle.close; const up = shared[state.n + 1] > candle.close',
  }),
  onBars('shared-buffer-view', {
    module: 'const buffer = new ArrayBuffer(65536); const numbers = new Float64Array(buffer)',
    body: 'numbers[state.n % 100] += candle.close; const up = numbers[(state.n + 1) % 100] > numbers[state.n % 100]',
  }),
  onBars('global-store', {
    body: 'globalThis.memory ??= []; globalThis.memory[state.n] = candle.close; const up = (globalThis.memory[state.n + 1] ?? 0) > candle.close',
  }),
  onBars('memo-by-number', {
    module: 'const memo = new Map(); const at = (n) => memo.get(n) ?? 0',
    body: 'memo.set(state.n, candle.close); const up = at(state.n + 3) > candle.close',
  }),
  onBars('json-table', {
    imports: `import future from './future.json' with { type: 'json' }`,
    beside: { 'future.json': JSON.stringify(Array.from({ length: 700 }, (_, i) => i % 7)) },
    body: 'const up = future[state.n] > 3',
  }),
  onBars('text-file', {
    imports: `import future from './future.txt'`,
    beside: { 'future.txt': '1 0 1 1 0' },
    body: `const up = future.charAt(state.n % 9) === '1'`,
  }),
  onBars('table-in-code', {
    module:
      'const FUTURE = [0, 37, 74, 10, 47, 84, 20, 57, 94, 30, 67, 3, 40, 77, 13, 50, 87, 23, 60, 97, 33, 70, 6, 43, 80, 16, 53, 90, 26, 63, 100, 36, 73, 9, 46, 83, 19, 56, 93, 29, 66, 2, 39, 76, 12, 49, 86, 22, 59, 96, 32, 69, 5, 42, 79, 15, 52, 89, 25, 62, 99, 35, 72, 8, 45, 82, 18, 55, 92, 28, 65, 1, 38, 75, 11, 48, 85, 21, 58, 95, 31, 68, 4, 41, 78, 14, 51, 88, 24, 61, 98, 34, 71, 7, 44, 81, 17, 54, 91, 27, 64, 0, 37, 74, 10, 47, 84, 20, 57, 94, 30, 67, 3, 40, 77, 13, 50, 87, 23, 60]',
    body: 'const up = FUTURE[state.n % 120] > 50',
  }),
  onBars('table-in-text', {
    module: `const FUTURE = '0,37,74,10,47,84,20,57,94,30,67,3,40,77,13,50,87,23,60,97,33,70,6,43,80,16,53,90,26,63,100,36,73,9,46,83,19,56,93,29,66,2,39,76,12,49,86,22,59,96,32,69,5,42,79,15,52,89,25,62,99,35,72,8,45,82,18,55,92,28,65,1,38,75,11,48,85,21,58,95,31,68,4,41,78,14,51,88,24,61,98,34,71,7,44,81,17,54,91,27,64,0,37,74,10,47,84,20,57,94,30,67,3,40,77,13,50,87,23,60'.split(',').map(Number)`,
    body: 'const up = FUTURE[state.n % 120] > 50',
  }),
  onBars('push-patched', {
    module:
      'let future; const push = Array.prototype.push; Array.prototype.push = function (...items) { future ??= items[0]?.order?.stock?.series?.close; return push.apply(this, items) }',
    body: 'const up = (future?.[state.n + 1] ?? 0) > candle.close',
  }),
  onBars('map-set-patched', {
    module:
      'let future; const set = Map.prototype.set; Map.prototype.set = function (key, value) { future ??= value?.stock?.series?.close; return set.call(this, key, value) }',
    body: 'const up = (future?.[state.n + 1] ?? 0) > candle.close',
  }),
  onBars('row-getter-patched', {
    module: 'const all = []',
    body: `const proto = Object.getPrototypeOf(candle); if (state.n === 1) Object.defineProperty(proto, 'vwap', { get() { return all.push(this) }, configurable: true }); const up = candle.vwap % 2 === 0`,
  }),
  onBars('row-made-anew', {
    body: 'const Row = candle.constructor; const next = new Row(candle, state.n + 1); const up = next.close === candle.close',
  }),
  onBars('row-keys', { body: 'const up = Object.keys(candle).length > 3 && state.n % 3 > 0' }),
  onBars('row-spread', { body: 'const copy = { ...candle }; const up = copy.close > copy.open' }),
  onBars('row-class', { body: 'const up = candle.constructor === Object && state.n % 4 > 1' }),
  onBars('row-own', { body: `const up = Object.hasOwn(candle, 'close') && state.n % 4 > 1` }),
  onBars('row-text', { body: 'const up = String(Object.entries(candle)).length > 10 && state.n % 4 > 1' }),
]
