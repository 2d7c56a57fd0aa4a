import { until } from '../testing/until.ts'
import { expect, test } from 'vitest'
import { recordedDecisions, replayDecisions, replayStart } from './replay.ts'
import { Adder, createLab } from './testing.ts'
import type { Lab } from './testing.ts'
import type { ActorInput, ActorOutput } from './program.ts'
import type { ActorSpec } from './types.ts'

/** Fails on one value; else it is an Adder, whose state it can take over. */
class Failing extends Adder {
  override step(input: ActorInput, number: number): ActorOutput | undefined {
    if (new TextDecoder().decode(input.data) === '13') throw new RangeError('thirteen')
    return super.step(input, number)
  }
}
const code = (letter: string) => ({ code: letter.repeat(64), parameters: {} })
const seen = (program: Adder) => (program.snapshot() as { seen: number }).seen

async function running(options: Partial<ActorSpec> & { program?: () => Adder } = {}) {
  const lab = createLab()
  const host = await lab.host()
  const first = options.program?.() ?? new Adder()
  host.start(lab.spec('s', { version: code('a'), ...options, program: () => first }))
  await lab.live(host, 's')
  return { lab, host, first }
}
/** What one undisturbed copy says on the same inputs. */
async function undisturbed(values: readonly number[]): Promise<unknown[]> {
  const { lab, host, first } = await running()
  await lab.feed('md.a', ...values)
  await until('all are seen', () => seen(first) === values.length)
  await until('all is said', () => host.readout('s')?.pending === false)
  return sums(lab)
}
const sums = async (lab: Lab) => (await lab.decisions('s')).map(({ number, sum, trail }) => ({ number, sum, trail }))

test('another version goes on with the state, between two inputs, and its code is on record', async () => {
  const { lab, host, first } = await running()
  await lab.feed('md.a', 1, 2, 3, 4)
  await until('four are seen', () => seen(first) === 4)
  const second = new Adder()
  const swapped = host.swap(lab.spec('s', { version: code('b'), program: () => second }))
  // These come while it changes: nobody may miss them or see them twice.
  await lab.feed('md.a', 5, 6, 7)
  await swapped
  await until('seven are seen', () => seen(second) === 7)
  await until('all is said', () => host.readout('s')?.pending === false)
  expect(seen(first)).toBeLessThan(7)
  expect(await sums(lab)).toEqual(await undisturbed([1, 2, 3, 4, 5, 6, 7]))
  const activated = (await lab.said('s')).filter(({ kind }) => kind === 'activated')
  expect(activated.map(({ epoch, code: its }) => [epoch, its])).toEqual([
    [1, 'a'.repeat(64)],
    [2, 'b'.repeat(64)],
  ])
  expect(lab.events.find(({ event }) => event === 'swapped')).toMatchObject({
    detail: expect.stringContaining('state kept'),
    version: { code: 'b'.repeat(64), before: 'a'.repeat(64) },
  })
  await host.close()
})

test('a state that is not taken over began anew, and why is said as it is', async () => {
  class Anew extends Adder {
    adopt(): 'fresh' {
      return 'fresh'
    }
  }
  const { lab, host } = await running()
  const details = async (version: ActorSpec['version']) => {
    await host.swap(lab.spec('s', { version, program: () => new Anew() }))
    return lab.events.findLast(({ event }) => event === 'swapped')?.detail
  }
  expect(await details({ ...code('a'), parameters: { fast: 5 } })).toContain(
    'with other parameters its state began anew',
  )
  expect(await details({ ...code('b'), parameters: { fast: 5 } })).toContain('another shape and began anew')
  await host.close()
})

test('a version that throws is taken back behind its last decision; the one before sees the inputs since', async () => {
  const { lab, host, first } = await running()
  await lab.feed('md.a', 1, 2)
  await until('two are seen', () => seen(first) === 2)
  await host.swap(lab.spec('s', { version: code('b'), program: () => new Failing() }))
  await lab.feed('md.a', 3, 4, 5, 13, 7, 8, 9)
  await until('it was rolled back', () => lab.events.some(({ event }) => event === 'rolled_back'))
  await until('all are seen', () => seen(first) === 9)
  await until('all is said', () => host.readout('s')?.pending === false)
  expect(await sums(lab)).toEqual(await undisturbed([1, 2, 3, 4, 5, 13, 7, 8, 9]))
  const event = lab.events.find(({ event }) => event === 'rolled_back')
  expect(event?.detail).toMatch(/^RangeError: thirteen at swap\.test\.ts:\d+ on MD 6 \(md\.a\); aaaaaaaaaaaa goes on$/)
  expect(event?.version).toMatchObject({ code: 'a'.repeat(64), before: 'b'.repeat(64) })
  expect(host.readout('s')).toMatchObject({ status: 'live', version: code('a'), epoch: 3 })
  await host.close()
})

test('a version that throws before it has decided leaves nothing behind', async () => {
  const { lab, host, first } = await running()
  await lab.feed('md.a', 1)
  await until('one is seen', () => seen(first) === 1)
  await host.swap(lab.spec('s', { version: code('b'), program: () => new Failing() }))
  await lab.feed('md.a', 13, 3, 4)
  await until('all are seen', () => seen(first) === 4)
  await until('all is said', () => host.readout('s')?.pending === false)
  expect(await sums(lab)).toEqual(await undisturbed([1, 13, 3, 4]))
  await host.close()
})

test('what does not load, or cannot take over, is refused and the version before goes on', async () => {
  const { lab, host, first } = await running()
  const broken = lab.spec('s', {
    version: code('b'),
    makeProgram: async () => {
      throw new Error('no such market')
    },
  })
  await expect(host.swap(broken)).rejects.toThrow('it does not load: no such market')
  const elsewhere = lab.spec('s', { version: code('c'), program: () => new Adder({ mailbox: { MD: ['md.a'] } }) })
  await expect(host.swap(elsewhere)).rejects.toThrow('it reads other streams')
  await lab.feed('md.a', 1, 2, 3)
  await until('three are seen', () => seen(first) === 3)
  expect(host.readout('s')).toMatchObject({ status: 'live', version: code('a'), epoch: 1 })
  await host.close()
})

test('a copy that dies after a swap comes back with the code that made its last decisions', async () => {
  const { lab, host } = await running()
  await lab.feed('md.a', 1, 2, 3)
  await until('it decided', async () => (await lab.decisions('s')).length === 1)
  const weighted = () => new Adder({ weight: 7 })
  await host.swap(lab.spec('s', { version: code('b'), program: weighted }))
  await lab.feed('md.a', 4, 5, 6)
  await until('it decided again', async () => (await lab.decisions('s')).length === 2)
  await lab.kill(host)
  const next = await lab.host({ worker: 'w2' })
  next.start(lab.spec('s', { version: code('b'), program: weighted }))
  await lab.live(next, 's')
  expect(lab.events.filter(({ event }) => event === 'diverged' || event === 'halted')).toEqual([])
  expect(next.readout('s')).toMatchObject({ number: 2, epoch: 3 })
  await next.close()
})

test('another mailbox is listened to from where it stands', async () => {
  const { lab, host } = await running()
  const wide = new Adder({ mailbox: { MD: ['md.a', 'md.b'], TRADES: ['trades.x'] } })
  await host.swap(lab.spec('s', { version: code('b'), program: () => wide }))
  await lab.feed('md.b', 1)
  await lab.feed('md.a', 2)
  await until('both are seen', () => seen(wide) === 2)
  await host.close()
})

test('a replay is of the version that runs now: it begins where that one took over', async () => {
  const { lab, host } = await running()
  await lab.feed('md.a', 1, 2, 3, 4)
  await until('it decided', async () => (await lab.decisions('s')).length === 1)
  const weighted = () => new Adder({ weight: 7 })
  await host.swap(lab.spec('s', { version: code('b'), program: weighted }))
  await lab.feed('md.a', 5, 6, 7, 8, 9)
  await until('it decided again', async () => (await lab.decisions('s')).length === 3)
  await host.close()
  let start = await replayStart(lab.bus, 's')
  await until('its beginning is kept', async () => (start = await replayStart(lab.bus, 's'))?.number === 1)
  if (!start) throw new Error('there is no start')
  expect(start.code).toBe('b'.repeat(64))
  const program = weighted()
  program.restore(start.state.program)
  const recorded = await recordedDecisions(lab.bus, { stream: 'ORDERS', subject: 'orders.signal.s' }, start.number)
  expect(await replayDecisions({ bus: lab.bus, program, checkpoint: start, recorded })).toMatchObject({
    recorded: 2,
    equal: 2,
    extra: 0,
  })
})
