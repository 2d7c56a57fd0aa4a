import { expect, test } from 'vitest'
import { until } from '../testing/until.ts'
import { replayStart } from './replay.ts'
import { Adder, createLab } from './testing.ts'

const withoutEpoch = (entries: Record<string, unknown>[]) => entries.map((entry) => ({ ...entry, epoch: 0 }))

test('a decision carries its number, its cause and the exact inputs since the one before', async () => {
  const lab = createLab()
  const host = await lab.host()
  host.start(lab.spec('s'))
  await lab.live(host, 's')
  await lab.feed('md.a', 1, 2)
  await until('both were read', () => host.readout('s')?.inputs === 2)
  await lab.feed('trades.x', 3)
  await until('the first was decided', async () => (await lab.decisions('s')).length === 1)
  await lab.feed('md.a', 4)
  await until('it was read', () => host.readout('s')?.inputs === 4)
  await lab.feed('trades.x', 5)
  await until('it was read', () => host.readout('s')?.inputs === 5)
  await lab.feed('md.a', 6)
  await until('the second was decided', async () => (await lab.decisions('s')).length === 2)
  const [activated, first, second] = await lab.said('s')
  expect(activated).toMatchObject({ kind: 'activated', epoch: 1, number: 0, worker: 'w1' })
  expect(first).toMatchObject({
    number: 1,
    said: 1,
    cause: { stream: 'TRADES', sequence: 1, subject: 'trades.x' },
    trail: [
      ['MD', 2],
      ['TRADES', 1],
    ],
  })
  expect(second).toMatchObject({
    number: 2,
    trail: [
      ['MD', 3],
      ['TRADES', 2],
      ['MD', 4],
    ],
  })
  await host.close()
})

test('after a crash every recorded decision is made again, none is published twice, and live goes on', async () => {
  const undisturbed = createLab()
  const calm = await undisturbed.host()
  calm.start(undisturbed.spec('s'))
  await undisturbed.feed('md.a', ...Array.from({ length: 30 }, (_, i) => i))
  await until('all were decided', async () => (await undisturbed.decisions('s')).length === 10)

  const lab = createLab()
  const first = await lab.host()
  first.start(lab.spec('s'))
  await lab.feed('md.a', ...Array.from({ length: 17 }, (_, i) => i))
  await until('five were decided', async () => (await lab.decisions('s')).length === 5)
  await lab.kill(first)
  await lab.feed('md.a', ...Array.from({ length: 6 }, (_, i) => 17 + i))
  const second = await lab.host({ worker: 'w2' })
  second.start(lab.spec('s'))
  await lab.live(second, 's')
  await lab.feed('md.a', ...Array.from({ length: 7 }, (_, i) => 23 + i))
  await until('ten were decided', async () => (await lab.decisions('s')).length >= 10)
  expect(withoutEpoch(await lab.decisions('s'))).toEqual(withoutEpoch(await undisturbed.decisions('s')))
  expect((await lab.said('s')).filter((entry) => entry['kind'] === 'activated').map((entry) => entry['epoch'])).toEqual(
    [1, 2],
  )
  await second.close()
  await calm.close()
})

test('inputs of two streams are applied again in the order in which they were applied', async () => {
  const lab = createLab()
  const first = await lab.host()
  first.start(lab.spec('s'))
  await lab.live(first, 's')
  // The report is older on its stream than the ticks, but is applied between them.
  for (const [subject, value] of [
    ['md.a', 1],
    ['trades.x', 2],
    ['md.a', 3],
    ['md.a', 4],
    ['trades.x', 5],
    ['md.a', 6],
    ['md.a', 7],
  ] as const) {
    const before = first.readout('s')?.inputs ?? 0
    await lab.feed(subject, value)
    await until('it was applied', () => first.readout('s')?.inputs === before + 1)
  }
  await lab.kill(first)
  const second = await lab.host({ worker: 'w2' })
  second.start(lab.spec('s'))
  await lab.live(second, 's')
  expect(lab.events.filter(({ event }) => event === 'diverged')).toEqual([])
  expect(second.readout('s')).toMatchObject({ number: 2, inputs: 7, epoch: 2 })
  await second.close()
})

test('a checkpoint shortens the way: only what came after it is made again', async () => {
  const lab = createLab()
  const first = await lab.host()
  first.start(lab.spec('s'))
  await lab.feed('md.a', 1, 2, 3, 4)
  await until('all were applied', () => first.readout('s')?.inputs === 4)
  await first.close()
  lab.bus.discardBelow('MD', 5)
  const second = await lab.host({ worker: 'w2' })
  second.start(lab.spec('s'))
  await lab.live(second, 's')
  await lab.feed('md.a', 5, 6)
  await until('the second was decided', async () => (await lab.decisions('s')).length === 2)
  expect((await lab.decisions('s'))[1]).toMatchObject({ number: 2, trail: [['MD', 6]] })
  expect(lab.events.filter(({ event }) => event === 'gap')).toEqual([])
  await second.close()
})

test('a decision that comes out differently stops the actor and names the first difference and its input', async () => {
  const lab = createLab()
  const first = await lab.host()
  first.start(lab.spec('s'))
  await lab.feed('md.a', 1, 2, 3, 4, 5, 6)
  await until('two were decided', async () => (await lab.decisions('s')).length === 2)
  await lab.kill(first)
  const second = await lab.host({ worker: 'w2' })
  second.start(lab.spec('s', { program: () => new Adder({ weight: 2 }) }))
  await until('it diverged', () => lab.events.some(({ event }) => event === 'diverged'))
  const { detail } = lab.events.find(({ event }) => event === 'diverged') ?? { detail: '' }
  expect(detail).toMatch(/^decision 1 on MD 3 \(md\.a\): sum: recorded 1026, made again 2052/)
  expect(second.readout('s')?.status).toBe('halted')
  await lab.feed('md.a', 7, 8, 9)
  expect((await lab.decisions('s')).length).toBe(2)
  await second.close()
})

test('a decision that is made earlier, or not at all, is a divergence too', async () => {
  const lab = createLab()
  const first = await lab.host()
  first.start(lab.spec('s', { program: () => new Adder({ every: 4 }) }))
  await lab.feed('md.a', 1, 2, 3, 4)
  await until('it was decided', async () => (await lab.decisions('s')).length === 1)
  await lab.kill(first)
  const early = await lab.host({ worker: 'w2' })
  early.start(lab.spec('s', { program: () => new Adder({ every: 3 }) }))
  await until('it diverged', () => lab.events.some(({ event }) => event === 'diverged'))
  expect(lab.events.at(-1)?.detail).toBe(
    'decision 1 was recorded on MD 4 (md.a), but made again on MD 3 (md.a), before MD 4 (md.a)',
  )
  const late = await lab.host({ worker: 'w3' })
  late.start(lab.spec('s', { program: () => new Adder({ every: 5 }) }))
  await until('it diverged', () => lab.events.filter(({ event }) => event === 'diverged').length === 2)
  expect(lab.events.at(-1)?.detail).toBe('decision 1 was not made again on MD 4 (md.a)')
  await early.close()
  await late.close()
})

test('when inputs are gone it says so: restored, told of the gap, warmed up, live from the end', async () => {
  const lab = createLab()
  const history = async () => [
    { stream: 'MD', sequence: 0, subject: 'md.a', data: new TextEncoder().encode('100') },
    { stream: 'MD', sequence: 0, subject: 'md.a', data: new TextEncoder().encode('200') },
  ]
  const first = await lab.host()
  first.start(lab.spec('s'))
  await lab.feed('md.a', 1, 2, 3, 4, 5, 6, 7)
  await until('two were decided', async () => (await lab.decisions('s')).length === 2)
  await lab.kill(first)
  lab.bus.discardBelow('MD', 5)
  const programs: Adder[] = []
  const second = await lab.host({ worker: 'w2' })
  const program = () => {
    programs.push(new Adder())
    return programs.at(-1) as Adder
  }
  second.start(lab.spec('s', { history, program }))
  await lab.live(second, 's')
  expect(lab.events.map(({ event }) => event)).toEqual(['started', 'gap', 'warming_up', 'warmed_up', 'started'])
  expect(lab.events.find(({ event }) => event === 'gap')?.detail).toBe('MD 1 to 4 are gone')
  expect(programs.at(-1)?.gaps).toEqual(['MD 1 to 4 are gone'])
  expect(programs.at(-1)?.warmups).toBe(2)
  await lab.feed('md.a', 8, 9, 10)
  await until('the third was decided', async () => (await lab.decisions('s')).length === 3)
  expect((await lab.decisions('s'))[2]).toMatchObject({ number: 3, trail: [['MD', 10]] })
  await second.close()
})

test('a stream that was made anew is a gap, not the same stream', async () => {
  const lab = createLab()
  const first = await lab.host()
  first.start(lab.spec('s'))
  await lab.feed('md.a', 1, 2)
  await until('both were applied', () => first.readout('s')?.inputs === 2)
  await first.close()
  lab.bus.dropStream('MD')
  lab.bus.ensureStream('MD', ['md.>'])
  await lab.feed('md.a', 7, 8, 9, 10)
  const second = await lab.host({ worker: 'w2' })
  second.start(lab.spec('s'))
  await lab.live(second, 's')
  expect(lab.events.find(({ event }) => event === 'gap')?.detail).toBe('MD was made anew')
  expect(second.readout('s')?.positions['MD']?.sequence).toBe(4)
  await second.close()
})

test('after a stream was made anew a replay can begin at the first checkpoint since, not only at the newest', async () => {
  const lab = createLab()
  const live = async (sequence: number, ...values: number[]) => {
    const host = await lab.host()
    host.start(lab.spec('s'))
    await lab.live(host, 's')
    await lab.feed('md.a', ...values)
    await until('all were applied', () => host.readout('s')?.positions['MD']?.sequence === sequence)
    await host.close()
  }
  await live(2, 1, 2)
  lab.bus.dropStream('MD')
  lab.bus.ensureStream('MD', ['md.>'])
  await live(2, 7, 8)
  await live(4, 9, 10)
  expect((await replayStart(lab.bus, 's'))?.cursors['MD']?.sequence).toBe(2)
})

test('a new version takes over after the old code has made its own decisions again', async () => {
  const lab = createLab()
  const versions: string[] = []
  const makeProgram = async ({ code }: { code: string }) => {
    versions.push(code)
    return new Adder({ weight: code === 'new' ? 2 : 1 })
  }
  const first = await lab.host()
  first.start(lab.spec('s', { version: { code: 'old', parameters: {} }, makeProgram }))
  await lab.feed('md.a', 1, 2, 3, 4)
  await until('all were applied', () => first.readout('s')?.inputs === 4)
  await lab.kill(first)
  const second = await lab.host({ worker: 'w2' })
  second.start(lab.spec('s', { version: { code: 'new', parameters: {} }, makeProgram }))
  await lab.live(second, 's')
  await lab.feed('md.a', 5, 6)
  await until('the second was decided', async () => (await lab.decisions('s')).length === 2)
  expect(versions).toEqual(['old', 'new', 'old'])
  expect(lab.events.filter(({ event }) => event === 'diverged')).toEqual([])
  // 1026 by the old code; then 4, 5 and 6 with the weight of the new.
  expect((await lab.decisions('s'))[1]).toMatchObject({ sum: ((1026 * 31 + 8) * 31 * 31 + 10 * 31 + 12) % 1_000_003 })
  await second.close()
})

test('a checkpoint that the program cannot read halts the actor; it is not tried again and again', async () => {
  const lab = createLab()
  const first = await lab.host()
  first.start(lab.spec('s'))
  await lab.live(first, 's')
  await first.close()
  const program = () =>
    Object.assign(new Adder(), {
      restore: () => {
        throw new TypeError('of another age')
      },
    })
  const second = await lab.host({ worker: 'w2' })
  second.start(lab.spec('s', { program }))
  await until('it is halted', () => second.readout('s')?.status === 'halted')
  expect(second.readout('s')).toMatchObject({ detail: expect.stringMatching(/^its checkpoint .*: of another age$/) })
  await second.close()
})

test('without its checkpoint it begins from its record: reports are taken in again, the lost market is a gap', async () => {
  const lab = createLab()
  const first = await lab.host()
  first.start(lab.spec('s'))
  await lab.live(first, 's')
  for (const subject of ['md.a', 'trades.x', 'md.a', 'trades.x', 'trades.x', 'md.a']) {
    const before = first.readout('s')?.inputs ?? 0
    await lab.feed(subject, 5)
    await until('it was applied', () => first.readout('s')?.inputs === before + 1)
  }
  await lab.kill(first)
  await (await lab.bus.kv('actors')).delete('s')
  lab.bus.discardBelow('MD', 3)
  const programs: Adder[] = []
  const program = () => {
    programs.push(new Adder())
    return programs.at(-1) as Adder
  }
  const second = await lab.host({ worker: 'w2' })
  second.start(lab.spec('s', { program }))
  await lab.live(second, 's')
  expect(programs.at(-1)).toMatchObject({ warmups: 3, gaps: ['MD 1 to 2 are gone'] })
  await lab.feed('md.a', 1, 2, 3)
  await until('the third was decided', async () => (await lab.decisions('s')).length === 3)
  expect((await lab.decisions('s'))[2]).toMatchObject({ number: 3 })
  await second.close()
})
