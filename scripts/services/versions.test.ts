import { expect, test } from 'vitest'
import { atLeast, parseVersion } from './versions.ts'

test.each([
  ['nats-server: v2.15.1', '2.15.1'],
  ['postgres (PostgreSQL) 18.4', '18.4'],
  ['postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)', '15.13'],
  ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64', '7.0.15'],
  ['Valkey server v=9.1.2 sha=00000000:0 malloc=jemalloc-5.3.1 bits=64', '9.1.2'],
  ['2.14.0-RC.1', '2.14.0'],
])('the version in %j is %s', (output, text) => {
  expect(parseVersion(output)?.text).toBe(text)
})

test.each(['', 'command not found', 'PostgreSQL 18devel'])('there is no version in %j', (output) => {
  expect(parseVersion(output)).toBeUndefined()
})

test.each([
  ['2.14.0', true],
  ['2.15.1', true],
  ['3.0.0', true],
  ['2.9.10', false],
  ['2.13.9', false],
  ['1.99.0', false],
])('%s is at least 2.14: %s', (text, enough) => {
  const version = parseVersion(text)
  expect(version !== undefined && atLeast(version, { major: 2, minor: 14 })).toBe(enough)
})
