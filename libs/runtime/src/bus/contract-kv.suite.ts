import { describe, expect, it } from 'vitest'
import { WrongLastSequence } from './bus.ts'
import type { KvEntry } from './bus.ts'
import { bytes, textOf } from './contract.suite.ts'
import type { World } from './contract.suite.ts'
import { until } from '../testing/until.ts'

const shown = (entry: KvEntry): string => `${entry.key}=${entry.value ? textOf(entry.value) : entry.operation}`

export function kvContract(world: () => World): void {
  describe('buckets', () => {
    it('compare-and-set lets one writer win', async () => {
      const { bus, ensureBucket } = world()
      await ensureBucket('cas')
      const kv = await bus.kv('cas')
      const revision = await kv.create('a.b', bytes('1'))
      await expect(kv.create('a.b', bytes('2'))).rejects.toBeInstanceOf(WrongLastSequence)
      const next = await kv.update('a.b', bytes('3'), revision)
      await expect(kv.update('a.b', bytes('4'), revision)).rejects.toBeInstanceOf(WrongLastSequence)
      expect(await kv.get('a.b')).toMatchObject({ key: 'a.b', revision: next, operation: 'put' })
      expect(textOf((await kv.get('a.b'))?.value)).toBe('3')
      expect(await kv.put('a.b', bytes('5'))).toBeGreaterThan(next)
    })

    it('a deleted key is not there, and can be created again', async () => {
      const { bus, ensureBucket } = world()
      await ensureBucket('gone')
      const kv = await bus.kv('gone')
      await kv.put('x', bytes('1'))
      await kv.put('y', bytes('2'))
      await kv.delete('x')
      expect(await kv.get('x')).toBeUndefined()
      expect(await kv.keys()).toEqual(['y'])
      await kv.create('x', bytes('3'))
      expect(await kv.keys()).toEqual(['x', 'y'])
      expect(await kv.get('never')).toBeUndefined()
    })

    it('an empty bucket has no keys and its watch is ready at once', async () => {
      const { bus, ensureBucket } = world()
      await ensureBucket('empty')
      const kv = await bus.kv('empty')
      expect(await kv.keys()).toEqual([])
      let ready = false
      const watch = await kv.watch(
        () => {},
        () => (ready = true),
      )
      await until('ready', () => ready)
      await watch.stop()
    })

    it('a watch tells what is there, then that it is ready, then each change in order', async () => {
      const { bus, ensureBucket } = world()
      await ensureBucket('watched')
      const kv = await bus.kv('watched')
      await kv.put('a', bytes('1'))
      await kv.put('b', bytes('2'))
      await kv.put('a', bytes('3'))
      const seen: string[] = []
      const watch = await kv.watch(
        (entry) => seen.push(shown(entry)),
        () => seen.push('ready'),
      )
      await until('ready', () => seen.includes('ready'))
      expect(seen).toEqual(['b=2', 'a=3', 'ready'])
      await kv.put('b', bytes('4'))
      await kv.delete('a')
      await kv.put('a', bytes('5'))
      await until('the changes', () => seen.length === 6)
      expect(seen.slice(3)).toEqual(['b=4', 'a=delete', 'a=5'])
      await watch.stop()
    })

    it('an object is read back whole', async () => {
      const { bus, ensureObjects } = world()
      await ensureObjects('shelf')
      const shelf = await bus.objects('shelf')
      const data = Uint8Array.from({ length: 400_000 }, (_, i) => i % 251)
      await shelf.put('module', data)
      expect(await shelf.get('module')).toEqual(data)
      await shelf.put('module', bytes('small'))
      expect(textOf(await shelf.get('module'))).toBe('small')
      expect(await shelf.get('absent')).toBeUndefined()
    })
  })
}
