import { expect, test } from 'vitest'
import type { Bus, PublishAck, PublishOptions, ReadOptions } from '../bus/bus.ts'
import { until } from '../testing/until.ts'
import { Adder, createLab, overridden } from './testing.ts'
import type { Lab } from './testing.ts'

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i)

/** Answers to publishes on one subject are held back until they are let go. */
function holding(lab: Lab, subject: string) {
  let held: (() => void)[] = []
  let holds = true
  const publish = async (to: string, data: Uint8Array, options?: PublishOptions): Promise<PublishAck> => {
    const isDecision = new TextDecoder().decode(data).includes('"decision"')
    if (holds && to === subject && isDecision) await new Promise<void>((resolve) => held.push(resolve))
    return lab.bus.publish(to, data, options)
  }
  return {
    bus: overridden<Bus>(lab.bus, { publish }),
    waiting: () => held.length,
    letGo() {
      holds = false
      for (const resolve of held.splice(0)) resolve()
      held = []
    },
  }
}

test('a program that throws is halted with the input that did it; its neighbours never notice', async () => {
  const lab = createLab()
  const host = await lab.host()
  const program = () => new Adder({ mailbox: { MD: ['md.a', 'md.b'] } })
  host.start(lab.spec('bad', { from: { MD: 1 } }))
  host.start(lab.spec('good', { from: { MD: 1 }, program: () => new Adder({ mailbox: { MD: ['md.a'] } }) }))
  host.start(lab.spec('other', { from: { MD: 1 }, program }))
  await Promise.all(['bad', 'good', 'other'].map((id) => lab.live(host, id)))
  await lab.feed('trades.x', 1)
  await lab.feed('trades.x', 'poison')
  await until('it is halted', () => host.readout('bad')?.status === 'halted')
  const halted = lab.events.find(({ event }) => event === 'halted')
  expect(halted?.detail).toMatch(/^TypeError: it is poison at testing\.ts:\d+ on TRADES 2 \(trades\.x\)$/)
  await lab.feed('md.a', 1, 2, 3)
  await until('the others decided', async () => (await lab.decisions('other')).length === 1)
  expect((await lab.decisions('good')).length).toBe(1)
  expect((await lab.decisions('bad')).length).toBe(0)
  await host.close()
})

test('with one decision in flight it goes on to a second, then its mailbox waits and nothing is lost', async () => {
  const lab = createLab()
  const slow = holding(lab, 'orders.signal.s')
  const host = await lab.host({ bus: slow.bus })
  host.start(lab.spec('s', { from: { MD: 1 }, program: () => new Adder({ mailbox: { MD: ['md.a'] } }) }))
  await lab.live(host, 's')
  await lab.feed('md.a', ...numbers(30))
  await until('one is in flight', () => slow.waiting() === 1)
  expect(host.readout('s')).toMatchObject({ inputs: 6, number: 2, pending: true })
  slow.letGo()
  await until('all were decided', async () => (await lab.decisions('s')).length === 10)
  expect((await lab.decisions('s')).map(({ cause }) => (cause as { sequence: number }).sequence)).toEqual(
    numbers(10, 1).map((n) => n * 3),
  )
  await host.close()
})

test('an actor that the ring has left behind reads its own backlog and joins again: nothing missed, nothing twice', async () => {
  const lab = createLab()
  const slow = holding(lab, 'orders.signal.slow')
  const host = await lab.host({ bus: slow.bus, limits: { ringMessages: 16, backlogMessages: 8 } })
  const program = () => new Adder({ mailbox: { MD: ['md.a'], TRADES: ['trades.x'] } })
  host.start(lab.spec('slow', { program }))
  host.start(lab.spec('fast', { program }))
  await Promise.all([lab.live(host, 'slow'), lab.live(host, 'fast')])
  await lab.feed('md.a', ...numbers(200))
  await until('the fast one has read on', () => host.readout('fast')?.inputs === 200)
  expect(host.readout('slow')?.inputs).toBe(6)
  slow.letGo()
  await until('the slow one has caught up', () => host.readout('slow')?.inputs === 200)
  await lab.live(host, 'slow')
  await lab.feed('md.a', ...numbers(7, 200))
  await until('both are there', async () => (await lab.decisions('slow')).length === 69)
  const sums = async (id: string) => (await lab.decisions(id)).map(({ sum, cause, trail }) => ({ sum, cause, trail }))
  expect(await sums('slow')).toEqual(await sums('fast'))
  await host.close()
})

test('actors that start late, while the stream runs on, see each sequence once', async () => {
  const lab = createLab()
  const host = await lab.host({ limits: { ringMessages: 8 } })
  const seen = new Map<string, number[]>()
  const recording = (id: string) => () => {
    const program = new Adder({ mailbox: { MD: ['md.a', 'md.b'] } })
    const step = program.step.bind(program)
    const mine: number[] = []
    seen.set(id, mine)
    program.step = (input, number) => {
      mine.push(input.sequence)
      return step(input, number)
    }
    return program
  }
  for (let i = 0; i < 20; i++) {
    host.start(lab.spec(`s${i}`, { from: { MD: 1 }, program: recording(`s${i}`) }))
    await lab.feed('md.a', ...numbers(13))
    await lab.feed('md.b', 1)
  }
  await until('all have read all', () => host.readouts().every(({ inputs }) => inputs === 280))
  for (const mine of seen.values()) expect(mine).toEqual(numbers(280, 1))
  await host.close()
})

test('an actor that has read further than the shared feed takes nothing twice when the feed comes after', async () => {
  const lab = createLab()
  const held: (() => void)[] = []
  let holds = true
  const read = (options: ReadOptions) =>
    lab.bus.read({
      ...options,
      onMessage: (message) => {
        const isShared = options.filterSubjects === undefined && message.stream === 'MD'
        if (holds && isShared) held.push(() => void options.onMessage(message))
        else return options.onMessage(message)
      },
    })
  const host = await lab.host({ bus: overridden<Bus>(lab.bus, { read }) })
  await lab.feed('md.a', ...numbers(5))
  host.start(lab.spec('first', { from: { MD: 'live', TRADES: 'first' } }))
  await lab.live(host, 'first')
  await lab.feed('md.a', ...numbers(5, 5))
  host.start(lab.spec('second'))
  await lab.live(host, 'second')
  expect([host.readout('first')?.inputs, host.readout('second')?.inputs]).toEqual([0, 10])
  holds = false
  for (const deliver of held.splice(0)) deliver()
  await lab.feed('md.a', 10, 11)
  await until('the first has read all of its own', () => host.readout('first')?.inputs === 7)
  await until('the second has decided', async () => (await lab.decisions('second')).length === 4)
  expect(host.readout('second')?.inputs).toBe(12)
  await host.close()
})

test('of two copies the older one is refused at its next word, says so and stops', async () => {
  const lab = createLab()
  const older = await lab.host({ worker: 'old' })
  const newer = await lab.host({ worker: 'new' })
  older.start(lab.spec('s'))
  await lab.live(older, 's')
  newer.start(lab.spec('s'))
  await lab.live(newer, 's')
  await lab.feed('md.a', ...numbers(9))
  await until('it was fenced', () => lab.events.some(({ event }) => event === 'fenced'))
  await until('three were decided', async () => (await lab.decisions('s')).length === 3)
  expect((await lab.decisions('s')).map(({ number, epoch }) => [number, epoch])).toEqual([
    [1, 2],
    [2, 2],
    [3, 2],
  ])
  expect(older.readout('s')).toMatchObject({ status: 'fenced', detail: expect.stringContaining('epoch 2') })
  await Promise.all([older.close(), newer.close()])
})

test('an older copy cannot store a checkpoint any more', async () => {
  const lab = createLab()
  const older = await lab.host({ worker: 'old', limits: { checkpointInputs: 1, checkpointMs: 1 } })
  const newer = await lab.host({ worker: 'new' })
  // Neither decides: only the checkpoint can tell them apart.
  const program = () => new Adder({ every: 1e9 })
  older.start(lab.spec('s', { program }))
  await lab.live(older, 's')
  newer.start(lab.spec('s', { program }))
  await lab.live(newer, 's')
  await lab.feed('md.a', 1, 2, 3)
  await until('it was fenced', () => older.readout('s')?.status === 'fenced')
  expect(newer.readout('s')?.status).toBe('live')
  await Promise.all([older.close(), newer.close()])
})

test('a stop stores what is decided and a checkpoint, and says so', async () => {
  const lab = createLab()
  const host = await lab.host()
  host.start(lab.spec('s'))
  await lab.live(host, 's')
  await lab.feed('md.a', ...numbers(7))
  await until('all were applied', () => host.readout('s')?.inputs === 7)
  await host.stop('s', 'asked')
  expect(lab.events.at(-1)).toMatchObject({ event: 'stopped', number: 2, detail: 'asked; checkpoint stored' })
  const entry = await (await lab.bus.kv('actors')).get('s')
  expect(JSON.parse(new TextDecoder().decode(entry?.value))).toMatchObject({
    number: 2,
    inputs: 7,
    trail: [['MD', 7]],
    cursors: { MD: { sequence: 7 } },
  })
  expect(host.has('s')).toBe(false)
})

test('when its stream is made anew under it, it finds out what is gone and goes on', async () => {
  const lab = createLab()
  const host = await lab.host()
  host.start(lab.spec('s'))
  await lab.live(host, 's')
  await lab.feed('md.a', 1, 2)
  await until('both were applied', () => host.readout('s')?.inputs === 2)
  lab.bus.dropStream('MD')
  lab.bus.ensureStream('MD', [])
  await until('it said so', () => lab.events.some(({ event }) => event === 'gap'))
  await lab.live(host, 's')
  await lab.feed('md.a', 3, 4, 5)
  await until('it decided', async () => (await lab.decisions('s')).length === 1)
  await host.close()
})

test('when its stream is made anew and what it needs to come back is not there yet, it tries again', async () => {
  const lab = createLab()
  const host = await lab.host()
  let failures = 0
  const spec = lab.spec('s')
  const makeProgram: typeof spec.makeProgram = async (version) => {
    if (failures-- > 0) throw new Error('the database is starting up')
    return await spec.makeProgram(version)
  }
  host.start({ ...spec, makeProgram })
  await lab.live(host, 's')
  failures = 2
  lab.bus.dropStream('MD')
  lab.bus.ensureStream('MD', [])
  await until('it said so', () => lab.events.some(({ event }) => event === 'gap'))
  await lab.live(host, 's')
  await lab.feed('md.a', 1, 2, 3)
  await until('it decided', async () => (await lab.decisions('s')).length === 1)
  await host.close()
})
