import { onBars } from '../corpus.ts'
import type { Entry } from '../corpus.ts'

/** They look at a clock, a zone or a language that nobody recorded. */
export const CLOCK: readonly Entry[] = [
  onBars('date-now', { body: 'const up = Date.now() % 2000 < 1000' }),
  onBars('new-date', { body: 'const up = new Date().getUTCSeconds() % 2 === 0' }),
  onBars('date-called', { body: `const up = Date().includes('2')` }),
  onBars('date-now-kept', { module: 'const { now } = Date', body: 'const up = now() % 2 === 0' }),
  onBars('date-by-constructor', {
    body: 'const Clock = new Date(0).constructor; const up = new Clock().getTime() % 2 === 0',
  }),
  onBars('date-class', { module: 'class Clock extends Date {}', body: 'const up = new Clock().getTime() % 2 === 0' }),
  onBars('local-hours', { body: 'const up = new Date(candle.openTimeUs / 1000).getHours() % 2 === 0' }),
  onBars('local-text', { body: `const up = \`\${new Date(candle.openTimeUs / 1000)}\`.includes('1')` }),
  onBars('local-parse', { body: `const up = Date.parse('2024-01-01T12:00') % 7_200_000 === 0 && state.n % 2 === 0` }),
  onBars('local-parts', {
    body: 'const up = new Date(2024, 0, 1, 12).getTime() % 7_200_000 === 0 && state.n % 2 === 0',
  }),
  onBars('zone-offset', { body: 'const up = new Date(0).getTimezoneOffset() === 0 && state.n % 2 === 0' }),
  onBars('performance-now', { body: 'const up = performance.now() % 2 < 1' }),
  onBars('performance-kept', {
    module: 'const { timeOrigin } = performance',
    body: 'const up = (timeOrigin + state.n) % 2 < 1',
  }),
  onBars('hrtime', { body: 'const up = process.hrtime.bigint() % 2n === 0n' }),
  onBars('intl-format', {
    module: 'const format = new Intl.NumberFormat()',
    body: `const up = format.format(candle.close).includes(',')`,
  }),
  onBars('intl-zone', {
    body: `const up = Intl.DateTimeFormat().resolvedOptions().timeZone === 'UTC' && state.n % 2 === 0`,
  }),
  onBars('locale-string', { body: `const up = candle.close.toLocaleString().includes('1')` }),
  onBars('locale-compare', { body: `const up = 'ä'.localeCompare('z') < 0 && state.n % 2 === 0` }),
  onBars('locale-case', { body: `const up = 'i'.toLocaleUpperCase() === 'I' && state.n % 2 === 0` }),
  onBars('atomics-wait', {
    module: 'const cell = new Int32Array(new SharedArrayBuffer(4))',
    body: `const up = Atomics.wait(cell, 0, 0, 0) === 'timed-out' && state.n % 2 === 0`,
  }),
]
