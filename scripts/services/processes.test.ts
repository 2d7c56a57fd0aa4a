import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bornOf, forgetChild, isSame, readChildren, recordOf, rememberChild, stopStrays } from './processes.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'contrail-pids-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const sleeper = (): number => {
  const { pid } = spawn('sleep', ['60'], { stdio: 'ignore' })
  return pid ?? expect.unreachable('sleep did not start')
}

test('a live process has a birth, a gone one has none', () => {
  expect(bornOf(process.pid)).toMatch(/\d/)
  expect(bornOf(2 ** 22 + 1)).toBeUndefined()
})

test('the same number with another birth is another process', () => {
  const record = recordOf(process.pid)
  expect(isSame(record)).toBe(true)
  expect(isSame(record, () => 'later')).toBe(false)
  expect(isSame({ pid: 2 ** 22 + 1, born: '' }, () => undefined)).toBe(false)
})

test('children are remembered once by name and forgotten', () => {
  rememberChild(home, { name: 'nats', pid: 1, born: 'a', stopSignal: 'SIGINT' })
  rememberChild(home, { name: 'nats', pid: 2, born: 'b', stopSignal: 'SIGINT' })
  expect(readChildren(home).map(({ pid }) => pid)).toEqual([2])
  forgetChild(home, 'nats')
  expect(readChildren(home)).toEqual([])
})

test('a stray of an earlier start is stopped, a stranger with its number is not', async () => {
  const stray = sleeper()
  const stranger = sleeper()
  rememberChild(home, { ...recordOf(stray), name: 'nats', stopSignal: 'SIGINT' })
  rememberChild(home, { pid: stranger, born: 'another day', name: 'postgres', stopSignal: 'SIGINT' })
  const said: string[] = []
  await stopStrays(home, (line) => said.push(line))
  expect(said).toEqual([`nats of an earlier start is still running (pid ${stray}), stopping it`])
  expect(bornOf(stray)).toBeUndefined()
  expect(bornOf(stranger)).toBeDefined()
  process.kill(stranger, 'SIGKILL')
  expect(existsSync(join(home, 'pids.json'))).toBe(false)
})

test('a damaged record of children is no reason not to start', async () => {
  writeFileSync(join(home, 'pids.json'), '[{')
  await stopStrays(home, expect.unreachable)
})
