import { expect, test } from 'vitest'
import type { Bus, BusMessage, ReadOptions } from '../bus/bus.ts'
import { until } from '../testing/until.ts'
import { Adder, createLab, overridden } from './testing.ts'
import type { Lab } from './testing.ts'
import type { ActorInput, ActorProgram } from './program.ts'

/** What is stored waits for `deliver`, and then comes as one read of a socket brings it: all at once. */
function gathering(lab: Lab) {
  const waiting: (() => void)[] = []
  const read = (options: ReadOptions) => {
    if (options.filterSubjects !== undefined) return lab.bus.read(options)
    const onMessage = (message: BusMessage) => void waiting.push(() => void options.onMessage(message))
    return lab.bus.read({ ...options, onMessage })
  }
  return {
    bus: overridden<Bus>(lab.bus, { read }),
    waiting: () => waiting.length,
    deliver: () => waiting.splice(0).forEach((one) => one()),
  }
}

/** As the adder, but with inputs one by one: what a program without `take` gets. */
class Single implements ActorProgram {
  readonly #adder: Adder
  constructor(adder: Adder) {
    this.#adder = adder
  }
  get mailbox() {
    return this.#adder.mailbox
  }
  step(input: ActorInput, number: number) {
    return this.#adder.step(input, number)
  }
  snapshot() {
    return this.#adder.snapshot()
  }
  restore(state: unknown) {
    this.#adder.restore(state)
  }
}

const MAILBOXES = [['md.a'], ['md.b'], ['md.a', 'md.b'], ['md.*'], ['md.a', 'md.c']]

test('inputs that come together are applied as if they had come alone: same decisions, trails, numbers', async () => {
  const lab = createLab()
  const gathered = gathering(lab)
  const host = await lab.host({ bus: gathered.bus })
  const mailboxOf = (i: number) => ({ MD: MAILBOXES[i % MAILBOXES.length] as string[], TRADES: ['trades.x'] })
  const ids = Array.from({ length: 20 }, (_, i) => `s${i}`)
  for (const [i, id] of ids.entries()) {
    const adder = () => new Adder({ mailbox: mailboxOf(i), every: 2 + (i % 3) * 3 })
    host.start(lab.spec(id, { from: { MD: 1, TRADES: 1 }, program: i >= 10 ? () => new Single(adder()) : adder }))
  }
  await Promise.all(ids.map((id) => lab.live(host, id)))
  for (let round = 0; round < 12; round++) {
    for (let n = 0; n < 40; n++) await lab.feed(`md.${'abcd'[(n * 7 + round) % 4] as string}`, n)
    await lab.feed('trades.x', round)
    await lab.feed('md.a', 1, 2)
    await until('all is there', () => gathered.waiting() === 43)
    gathered.deliver()
    await until('nothing is on its way', () => host.readouts().every(({ pending, behind }) => !pending && behind === 0))
  }
  const record = async (id: string) =>
    (await lab.decisions(id)).map(({ strategy, ...rest }) => (expect(strategy).toBe(id), rest))
  // Five mailboxes by three rhythms: actors 0 to 9 take batches, 10 to 19 one by one; 15 apart they are alike.
  for (let i = 0; i < 5; i++) expect(await record(`s${i}`)).toEqual(await record(`s${i + 15}`))
  for (const id of ids) {
    const decisions = await lab.decisions(id)
    expect(decisions.map(({ number }) => number)).toEqual(decisions.map((_, at) => at + 1))
    expect(decisions.length).toBeGreaterThan(15)
  }
  await host.close()
})

test('one that throws in the middle of a batch is halted with that input; the others have all of theirs', async () => {
  const lab = createLab()
  const gathered = gathering(lab)
  const host = await lab.host({ bus: gathered.bus })
  const program = (subject: string) => () => new Adder({ mailbox: { MD: [subject] }, every: 100 })
  host.start(lab.spec('bad', { from: { MD: 1 }, program: program('md.a') }))
  host.start(lab.spec('good', { from: { MD: 1 }, program: program('md.b') }))
  await Promise.all(['bad', 'good'].map((id) => lab.live(host, id)))
  await lab.feed('md.a', 1, 2, 3)
  await lab.feed('md.b', 1, 2)
  await lab.feed('md.a', 'poison', 4, 5)
  await lab.feed('md.b', 3)
  await until('all is there', () => gathered.waiting() === 9)
  gathered.deliver()
  await until('it is halted', () => host.readout('bad')?.status === 'halted')
  expect(host.readout('bad')).toMatchObject({ inputs: 4, positions: { MD: { sequence: 6 } } })
  expect(host.readout('bad')?.detail).toMatch(/on MD 6 \(md\.a\)$/)
  await until('the other has its inputs', () => host.readout('good')?.inputs === 3)
  await host.close()
})

test('what comes while two decisions of an actor are on their way is taken afterwards, in its order and once', async () => {
  const lab = createLab()
  const gathered = gathering(lab)
  const host = await lab.host({ bus: gathered.bus, limits: { ringMessages: 8_192 } })
  const mailboxes: Record<string, string[]> = { a: ['md.a'], b: ['md.b'], both: ['md.a', 'md.b'], none: ['md.z'] }
  for (const [id, subjects] of Object.entries(mailboxes))
    host.start(lab.spec(id, { from: { MD: 1 }, program: () => new Adder({ mailbox: { MD: subjects }, every: 1 }) }))
  await Promise.all(Object.keys(mailboxes).map((id) => lab.live(host, id)))
  // More of one actor's than are told as they come.
  const count = 6_000
  for (let n = 0; n < count; n++) await lab.feed(`md.${'abc'[n % 3] as string}`, n)
  await until('all is there', () => gathered.waiting() === count)
  gathered.deliver()
  await until('nothing is on its way', () => host.readouts().every(({ pending, behind }) => !pending && behind === 0))
  const causes = async (id: string) =>
    (await lab.decisions(id)).map(({ cause }) => (cause as { sequence: number }).sequence)
  const own = (...rests: number[]) =>
    Array.from({ length: count }, (_, n) => n + 1).filter((n) => rests.includes(n % 3))
  expect(await causes('a')).toEqual(own(1))
  expect(await causes('b')).toEqual(own(2))
  expect(await causes('both')).toEqual(own(1, 2))
  expect(await causes('none')).toEqual([])
  await host.close()
})
