import { expect, test } from 'vitest'
import { parseSubject, streamOf, subjects } from './subjects.ts'

test.each([
  [subjects.tick('sim', 'BTC-USDT'), 'MD', { kind: 'tick', venue: 'sim', instrument: 'BTC-USDT' }],
  [
    subjects.candle('binance', 'BTC-USDT-PERP', '1m'),
    'MD',
    { kind: 'candle', venue: 'binance', instrument: 'BTC-USDT-PERP', timeframe: '1m' },
  ],
  [subjects.feedStatus('sim', 'ETH-USDT'), 'MD', { kind: 'feedStatus', venue: 'sim', instrument: 'ETH-USDT' }],
  [subjects.clock(), 'MD', { kind: 'clock' }],
  [subjects.signal('s1'), 'ORDERS', { kind: 'signal', strategy: 's1' }],
  [subjects.manual('paper'), 'ORDERS', { kind: 'manual', account: 'paper' }],
  [subjects.confirm('paper', 's1'), 'TRADES', { kind: 'confirm', account: 'paper', strategy: 's1' }],
  [subjects.control('s1'), 'CONTROL', { kind: 'control', strategy: 's1' }],
  [subjects.event('s1'), 'CONTROL', { kind: 'event', strategy: 's1' }],
  [subjects.alert('critical', 'diverged'), 'ALERTS', { kind: 'alert', severity: 'critical', alert: 'diverged' }],
  [subjects.trial('a1'), 'RESEARCH', { kind: 'trial', study: 'a1' }],
  [subjects.trialResult('a1', 7), 'RESULTS', { kind: 'trialResult', study: 'a1', number: 7 }],
  [subjects.deadLetter('ORDERS', 'orders'), 'DLQ', { kind: 'deadLetter', stream: 'ORDERS', consumer: 'orders' }],
] as const)('%s lies in %s and reads back', (subject, stream, parsed) => {
  expect(streamOf(subject)).toBe(stream)
  expect(parseSubject(subject)).toEqual(parsed)
})

test.each([
  'md.ticks.sim',
  'md.ticks.sim.btc-usdt',
  'md.candles.sim.BTC-USDT.2m',
  'orders.signal',
  'orders.signal.a.b',
  'results.trial.a1.x',
  'research.trial.a1.7',
  'x.y',
  'md.clock.x',
  '',
])('%j is not a subject of ours', (subject) => expect(() => parseSubject(subject)).toThrow(/refused/))
