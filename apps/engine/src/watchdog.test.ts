import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { stuckFile } from './watchdog.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'contrail-watchdog-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** In a process of its own, because being stuck ends it. `act` sees `watched` and `busy(ms)`. */
async function watched(strategy: string, budgetMs: number, act: string): Promise<string | number | null> {
  const code = `
    import { Watchdog } from ${JSON.stringify(path.join(import.meta.dirname, 'watchdog.ts'))}
    const watched = new Watchdog(${JSON.stringify(folder)}, ${budgetMs}, 40).watch({ strategy: '${strategy}', code: 'c', revision: 1 })
    const busy = (ms) => { for (const end = performance.now() + ms; performance.now() < end; );  }
    setTimeout(() => { ${act}; process.exit(0) }, 300)`
  const file = path.join(folder, `${strategy}.mjs`)
  writeFileSync(file, code)
  const child = spawn(process.execPath, [file], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [status, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return signal ?? status
}

test('a handler that does not come back ends the process, and says on which input of a run it was', async () => {
  const ended = await watched(
    'loop',
    300,
    `watched.enter('MD'); watched.progress[2] = 7; watched.leave(); watched.enter('MD', 5); watched.leave(); watched.enter('MD'); watched.progress[0] = 0; for (;;);`,
  )
  expect(ended).toBe('SIGKILL')
  const said = JSON.parse(readFileSync(stuckFile(folder, 'loop'), 'utf8')) as { detail: string }
  expect(said.detail).toMatch(/did not come back within 0\.3 s on MD 7: an endless loop/)
})

test('each input of a run has the whole budget', async () => {
  const run = `watched.enter('MD'); for (let i = 1; i <= 30; i++) { watched.progress[0] = i; busy(100) } watched.leave()`
  expect(await watched('long', 2_000, run)).toBe(0)
  expect(existsSync(stuckFile(folder, 'long'))).toBe(false)
})
