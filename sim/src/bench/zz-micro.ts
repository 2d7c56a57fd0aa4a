const root = process.env.ROOT ?? '/work/main'
const { SharedFeed } = await import(root + '/libs/runtime/src/actor/feed.ts')
const { Actor } = await import(root + '/libs/runtime/src/actor/actor.ts')
const { createStrategyActor } = await import(root + '/libs/trading/src/index.ts')
const { encodeTick, encodeJson, subjects } = await import(root + '/libs/contracts/src/index.ts')
const bench = (await import(root + '/sim/src/bench/strategies/bench.ts')).default
const { defineStrategy } = await import(root + '/libs/trading/src/index.ts')
const venue = 'bench'
const instruments = Array.from({ length: 50 }, (_, i) => ({
  venue,
  instrument: `B${i}-USDT`,
  kind: 'spot',
  base: 'B' + i,
  quote: 'USDT',
  tickSize: '0.01',
  lotSize: '0.001',
  minQuantity: '0.001',
  minNotional: '0',
  makerFeeBps: 1,
  takerFeeBps: 5,
}))
const candleStrategy = defineStrategy({
  name: 'c',
  parameters: bench.parameters,
  inputs: ({ venue, instruments }: any) =>
    instruments.map((instrument: string) => ({ kind: 'candles', venue, instrument, timeframe: '1m' })),
  state: () => ({ n: 0, total: 0 }),
  onCandle(_: any, s: any, c: any) {
    s.n++
    s.total += c.close
  },
})
async function run(actors: number, seen: number, count: number, kind: 'tick' | 'candle') {
  let onMessage: any
  const bus = {
    read: async (o: any) => {
      onMessage ??= o.onMessage
      return { lastSequence: 0, stop: async () => {} }
    },
  }
  const feed = new SharedFeed(bus, 32768)
  const positions = { MD: { incarnation: 'a', sequence: 0 } }
  await feed.open(positions)
  for (let a = 0; a < actors; a++) {
    const sa = createStrategyActor(kind === 'tick' ? bench : candleStrategy, {
      strategy: 's' + a,
      tenant: 'main',
      account: 'paper',
      instruments,
      parameters: {
        venue,
        every: 0,
        answers: a === 0,
        instruments: Array.from({ length: seen }, (_, k) => `B${(a + k) % 50}-USDT`),
      },
    } as any)
    const program = {
      mailbox: { MD: sa.mailbox.MD },
      step: (i: any, n: number) => sa.step(i, n),
      snapshot: () => sa.snapshot(),
      restore() {},
    }
    const actor = new Actor(
      { id: 's' + a, output: { stream: 'ORDERS', subject: 'x' + a }, head: {}, version: {} } as any,
      program as any,
      {
        bus,
        clock: {},
        feed,
        onEnd: (_: any, e: any) => {
          throw e
        },
        onTrouble() {},
        onLive() {},
        onBehind() {},
      } as any,
    )
    actor.positions = structuredClone(positions)
    if (!feed.join(actor, actor.positions)) throw new Error('join')
    actor.joined()
  }
  const subs = instruments.map((i) =>
    kind === 'tick' ? subjects.tick(venue, i.instrument) : subjects.candle(venue, i.instrument, '1m'),
  )
  const tick = { tradeId: 't12345', side: 'buy', price: 100, quantity: 1, venueTimeUs: 1, receiveTimeUs: 2 }
  const datas = Array.from(
    { length: 64 },
    (_, i) => () =>
      kind === 'tick'
        ? encodeTick({ ...tick, price: 100 + i } as any)
        : encodeJson({
            schema: 1,
            timeframe: '1m',
            openTimeUs: 1,
            closeTimeUs: 2,
            open: 1.5,
            high: 2.25,
            low: 1.125,
            close: 1.75 + i,
            volume: 12.5,
            quoteVolume: 25.5,
            trades: 8,
            receiveTimeUs: 3,
          }),
  )
  const messages = Array.from({ length: 20000 }, (_, i) => ({
    subject: Buffer.from(subs[i % 50]!).toString(),
    data: datas[i % 64]!(),
    stream: 'MD',
    sequence: 0,
    timeUs: 1,
    headers: {},
  }))
  let seq = 0
  const times: number[] = []
  for (let r = 0; r < 9; r++) {
    const t0 = process.hrtime.bigint()
    for (let i = 0; i < count; i++) {
      const m = messages[i % 20000]!
      onMessage({ subject: m.subject, data: m.data, stream: 'MD', sequence: ++seq, timeUs: 1, headers: m.headers })
    }
    times.push(Number(process.hrtime.bigint() - t0) / count)
  }
  times.sort((a, b) => a - b)
  const per = (actors * seen) / 50
  console.log(
    `${kind} ${actors}x${seen}: ${times[2]!.toFixed(0)} ns/msg, ${(times[2]! / Math.max(per, 0.02)).toFixed(0)} ns/step`,
  )
}
for (const spec of (
  process.env.CASES ?? 't:1:50:200000,t:100:10:50000,t:100:50:20000,t:1000:10:5000,c:1:50:20000,c:100:10:5000'
).split(',')) {
  const [k, a, s, c] = spec.split(':')
  await run(Number(a), Number(s), Number(c), k === 't' ? 'tick' : 'candle')
}
