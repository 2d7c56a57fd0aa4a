import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BootFault } from './faults.ts'
import { lockFile, lockHolder, takeLock } from './lock.ts'
import { recordOf } from './processes.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'contrail-lock-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

test('a held lock names the holder and the mend', () => {
  const lock = takeLock(home)
  const attempt = (): unknown => takeLock(home)
  expect(attempt).toThrow(BootFault)
  expect(attempt).toThrow(`already running as pid ${process.pid}`)
  lock.release()
  takeLock(home).release()
  expect(existsSync(lockFile(home))).toBe(false)
})

test('the lock of a process that is gone is taken over', () => {
  writeFileSync(lockFile(home), JSON.stringify({ pid: 2 ** 22 + 1, born: '17' }))
  const lock = takeLock(home)
  expect(lockHolder(home)?.pid).toBe(process.pid)
  lock.release()
})

test('a process that was given the same number later does not hold the lock', () => {
  writeFileSync(lockFile(home), JSON.stringify({ pid: process.pid, born: 'another day' }))
  takeLock(home).release()
})

test.each(['', '{', '{"pid":1}'])('a lock file with %j in it holds nobody back', (text) => {
  writeFileSync(lockFile(home), text)
  takeLock(home).release()
})

test('release leaves the lock of a successor alone', () => {
  const lock = takeLock(home)
  const other = JSON.stringify(recordOf(process.ppid))
  writeFileSync(lockFile(home), other)
  lock.release()
  expect(lockHolder(home)?.pid).toBe(process.ppid)
})
