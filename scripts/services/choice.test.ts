import { expect, test } from 'vitest'
import { sourceOrder } from './choice.ts'
import { BootFault } from './faults.ts'

test('without any wish, what is on PATH comes before what is fetched', () => {
  expect(sourceOrder('nats', {})).toEqual(['path', 'apt', 'release'])
  expect(sourceOrder('postgres', {})).toEqual(['path', 'npm'])
  expect(sourceOrder('redis', {})).toEqual(['path', 'apt'])
})

test('a URL in the environment is the only place to look', () => {
  expect(sourceOrder('postgres', { DATABASE_URL: 'postgres://a@b/c' })).toEqual(['env'])
  expect(sourceOrder('nats', { DATABASE_URL: 'postgres://a@b/c' })).toEqual(['path', 'apt', 'release'])
})

test('BOOT=docker gives way to a URL', () => {
  const environment = { BOOT: 'docker', NATS_URL: 'nats://b:4222' }
  expect(sourceOrder('nats', environment)).toEqual(['env'])
  expect(sourceOrder('redis', environment)).toEqual(['docker'])
})

test('BOOT_<SERVICE> stands over everything', () => {
  expect(sourceOrder('nats', { BOOT: 'docker', NATS_URL: 'nats://b:4222', BOOT_NATS: 'apt' })).toEqual(['apt'])
})

test('empty variables say nothing', () => {
  expect(sourceOrder('redis', { REDIS_URL: '', BOOT_REDIS: '', BOOT: '' })).toEqual(['path', 'apt'])
})

test('a source that cannot serve is refused by name', () => {
  expect(() => sourceOrder('nats', { BOOT_NATS: 'npm' })).toThrow(BootFault)
  expect(() => sourceOrder('postgres', { BOOT_POSTGRES: 'env' })).toThrow('DATABASE_URL is not set')
})
