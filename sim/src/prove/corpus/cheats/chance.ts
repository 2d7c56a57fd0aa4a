import { onBars } from '../corpus.ts'
import type { Entry } from '../corpus.ts'

/** They throw dice, or look at what is never twice the same. */
export const CHANCE: readonly Entry[] = [
  onBars('random', { body: 'const up = Math.random() < 0.5' }),
  onBars('random-at-load', { module: 'const bias = Math.random()', body: 'const up = (bias * state.n) % 1 < 0.5' }),
  onBars('random-kept', { module: 'const roll = Math.random', body: 'const up = roll() < 0.5' }),
  onBars('random-uuid', { body: `const up = crypto.randomUUID() < '8'` }),
  onBars('random-bytes', { body: 'const up = crypto.getRandomValues(new Uint8Array(1))[0] < 128' }),
  onBars('error-stack', { body: `const up = (new Error('where').stack ?? '').length % 2 === 0 && state.n % 2 === 0` }),
  onBars('fault-stack', {
    body: 'let up = false; try { null.x } catch (error) { up = error.stack.length % 2 === state.n % 2 }',
  }),
  onBars('weak-ref', {
    module: 'let ref = new WeakRef({})',
    body: 'const up = ref.deref() === undefined; if (up) ref = new WeakRef({})',
  }),
  onBars('finalizer', {
    module: 'let freed = 0; const registry = new FinalizationRegistry(() => { freed += 1 })',
    body: 'registry.register({}, 0); const up = freed % 2 === 0 && state.n % 2 === 0',
  }),
  onBars('memory-usage', { body: 'const up = process.memoryUsage().heapUsed % 2 === 0' }),
  onBars('environment', { body: `const up = (process.env.HOME ?? '').length % 2 === state.n % 2` }),
  onBars('process-id', { body: 'const up = (process.pid + state.n) % 2 === 0' }),
  onBars('cores', { body: 'const up = navigator.hardwareConcurrency > 4 && state.n % 2 === 0' }),
  onBars('function-made', { body: `const up = new Function('return Math.random() < 0.5')()` }),
  onBars('function-by-constructor', { body: `const up = (() => 0).constructor('return Math.random() < 0.5')()` }),
  onBars('evaluated', { body: `const up = (0, eval)('Math.random() < 0.5')` }),
  onBars('web-assembly', {
    body: 'const up = WebAssembly.validate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])) && state.n % 2 === 0',
  }),
]
