import { onBars } from '../corpus.ts'
import type { Entry } from '../corpus.ts'

/** They ask the world outside, or let something happen later. */
export const OUTSIDE: readonly Entry[] = [
  onBars('fs', {
    imports: `import { readFileSync } from 'node:fs'`,
    body: `const up = readFileSync('/etc/hostname').length > 3`,
  }),
  onBars('fs-bare', { imports: `import fs from 'fs'`, body: `const up = fs.existsSync('/tmp') && state.n % 2 === 0` }),
  onBars('fs-promises', {
    imports: `import { readFile } from 'fs/promises'`,
    module: `let text = ''; void readFile('/etc/hostname', 'utf8').then((found) => { text = found })`,
    body: 'const up = text.length % 2 === state.n % 2',
  }),
  onBars('os', { imports: `import { freemem } from 'os'`, body: 'const up = freemem() % 2 === 0' }),
  onBars('perf-hooks', {
    imports: `import { performance as clock } from 'perf_hooks'`,
    body: 'const up = clock.now() % 2 < 1',
  }),
  onBars('timers-module', {
    imports: `import { setTimeout as later } from 'timers'`,
    module: 'let flag = false; later(() => { flag = true }, 1)',
    body: 'const up = flag',
  }),
  onBars('built-in-by-process', { body: `const up = process.getBuiltinModule('os').loadavg()[0] > 1` }),
  onBars('computed-import', {
    module: `const os = await import(['no', 'de:os'].join(''))`,
    body: 'const up = os.freemem() % 2 === 0',
  }),
  onBars('fetch-at-load', {
    module: `let ticker = 0; void fetch('http://127.0.0.1:9/ticker').then((found) => { ticker = found.status }, () => { ticker = 1 })`,
    body: 'const up = ticker === 0 && state.n % 2 === 0',
  }),
  onBars('fetch-in-handler', {
    module: 'let answered = 0',
    body: `if (state.n === 5) void fetch('http://127.0.0.1:9/').catch(() => { answered += 1 }); const up = answered % 2 === 0 && state.n % 2 === 0`,
  }),
  onBars('map-order-of-io', {
    module:
      'const order = new Map(); for (const port of [9, 11, 13]) void fetch(`http://127.0.0.1:${port}/`).catch(() => order.set(port, order.size))',
    body: 'const up = [...order.keys()][0] === 9 || state.n % 2 === 0',
  }),
  onBars('socket', {
    module: `const socket = new WebSocket('ws://127.0.0.1:9'); let open = false; socket.onerror = () => { open = true }`,
    body: 'const up = open || state.n % 2 === 0',
  }),
  onBars('timeout', {
    module: 'let flag = false; setTimeout(() => { flag = true }, 5)',
    body: 'const up = flag || state.n % 2 === 0',
  }),
  onBars('interval', {
    module: 'let beats = 0; setInterval(() => { beats += 1 }, 1).unref()',
    body: 'const up = beats % 2 === 0',
  }),
  onBars('immediate', {
    module: 'let beats = 0',
    body: 'setImmediate(() => { beats += 1 }); const up = beats % 2 === 0',
  }),
  onBars('next-tick', {
    module: 'let beats = 0',
    body: 'process.nextTick(() => { beats += 1 }); const up = beats % 2 === 0',
  }),
  onBars('microtask', {
    module: 'let beats = 0',
    body: 'queueMicrotask(() => { beats += 1 }); const up = beats % 2 === 0',
  }),
  onBars('promise', {
    module: 'let later = 0',
    body: 'void Promise.resolve(candle.close).then((close) => { later = close }); const up = later < candle.close',
  }),
  onBars('async-closure', {
    module: 'let later = 0; const soon = async (close) => { await null; later = close }',
    body: 'void soon(candle.close); const up = later < candle.close',
  }),
  onBars('channel', {
    module:
      'const { port1, port2 } = new MessageChannel(); let heard = 0; port2.onmessage = () => { heard += 1 }; port2.unref?.()',
    body: 'port1.postMessage(0); const up = heard % 2 === 0 && state.n % 2 === 0',
  }),
  onBars('broadcast', {
    module: `const channel = new BroadcastChannel('closes'); channel.unref?.()`,
    body: 'channel.postMessage(candle.close); const up = state.n % 2 === 0',
  }),
  onBars('endless-loop', { body: 'const up = state.n % 2 === 0; while (state.n > 50) state.n += 1' }),
]
