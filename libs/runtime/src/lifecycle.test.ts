import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { stopAll } from './lifecycle.ts'
import { until } from './testing/until.ts'

const lifecycle = new URL('./lifecycle.ts', import.meta.url).href

function run(script: string) {
  const text = `import { runUntilSignal } from ${JSON.stringify(lifecycle)}\n${script}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['ignore', 'pipe', 'inherit'] })
  const output = { text: '' }
  child.stdout.on('data', (data: Buffer) => (output.text += data.toString()))
  return { child, output, exit: once(child, 'exit') }
}
const part = (name: string) => `{ name: '${name}', stop: async () => { await null; console.log('stopped ${name}') } }`

describe('the life of a process', () => {
  it('stops in reverse order; one that fails or hangs does not keep the others', async () => {
    const stopped: string[] = []
    const failures = await stopAll(
      [
        { name: 'first', stop: async () => void stopped.push('first') },
        { name: 'failing', stop: () => Promise.reject(new Error('no')) },
        { name: 'hanging', stop: () => new Promise(() => {}) },
        { name: 'last', stop: async () => void stopped.push('last') },
      ],
      undefined,
      20,
    )
    expect(stopped).toEqual(['last', 'first'])
    expect(failures.map(({ message }) => message)).toEqual([
      'hanging did not stop cleanly',
      'failing did not stop cleanly',
    ])
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('%s drains and ends with 0', async (signal) => {
    const { child, output, exit } = run(
      `setInterval(() => {}, 1000); const done = runUntilSignal(${part('a')}, ${part('b')}); console.log('ready'); await done; process.exit()`,
    )
    await until('it runs', () => output.text.includes('ready'))
    child.kill(signal)
    expect(await exit).toEqual([0, null])
    expect(output.text.indexOf('stopped b')).toBeGreaterThan(0)
    expect(output.text.indexOf('stopped a')).toBeGreaterThan(output.text.indexOf('stopped b'))
  })

  it('a rejection that nobody handles ends it with 1 and a line in the log', async () => {
    const { output, exit } = run(
      `setInterval(() => {}, 1000); void runUntilSignal(${part('a')}); Promise.reject(new Error('a bug'))`,
    )
    expect(await exit).toEqual([1, null])
    expect(output.text).toContain('unhandled rejection')
    expect(output.text).toContain('a bug')
  })
})
