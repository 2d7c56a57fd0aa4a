import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(path.join(tmpdir(), 'contrail-memory-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const CODE = 'a'.repeat(64)
/** Compiled when it is due, however busy the machine is. */
const FLAGS = ['--max-old-space-size=400', '--max-semi-space-size=8', '--no-concurrent-recompilation']
/** Keeps nothing until it is compiled. */
const AUTHOR = `const kept = []
  export default { onTick(state, tick) {
    state.n++
    if (state.n > 300_000) kept.push({ n: state.n, prices: [tick.price] })
  } }`

/** In a process of its own, because the guilty end it. */
const HOST = `
  import { systemClock } from ${JSON.stringify(path.join(import.meta.dirname, '../../../libs/runtime/src/clock.ts'))}
  import { watchMemory } from ${JSON.stringify(path.join(import.meta.dirname, 'memory.ts'))}
  import author from './${CODE}.mjs'
  const log = { error: console.error, fatal: console.error }
  const blame = (code, detail) => (console.log(JSON.stringify({ code, detail })), [])
  watchMemory({ folder: import.meta.dirname, blame }, systemClock, log)
  const state = { n: 0 }
  const ticks = Array.from({ length: 1_000 }, (_, i) => ({ price: i + 0.5 }))
  function callEach(author, state, ticks) {
    for (let i = 0; i < ticks.length; i++) author.onTick(state, ticks[i])
  }
  // Memory is looked at now and then: what is kept between two looks is a small part of it.
  const turn = () => (callEach(author, state, ticks), setTimeout(turn, 1))
  turn()`

test('who keeps memory in a function that V8 has compiled into ours is named all the same', async () => {
  writeFileSync(path.join(folder, `${CODE}.mjs`), AUTHOR)
  writeFileSync(path.join(folder, 'host.mjs'), HOST)
  const child = spawn(process.execPath, [...FLAGS, path.join(folder, 'host.mjs')])
  let said = ''
  let wrong = ''
  child.stdout.on('data', (part: Buffer) => (said += part.toString()))
  child.stderr.on('data', (part: Buffer) => (wrong += part.toString()))
  const [status] = (await once(child, 'close')) as [number | null]
  // The profile did not know it at first: otherwise nothing is shown here.
  expect(wrong).toMatch(/no strategy holds most/)
  expect(JSON.parse(said)).toMatchObject({ code: CODE, detail: expect.stringMatching(/^it holds \d+ MB outside of/) })
  expect(status).toBe(1)
}, 120_000)
