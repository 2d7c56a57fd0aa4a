import { NOW_US } from './examples.ts'

/** One of each, shown in the OpenAPI document and checked against its schema by a test. */
export const backtest = {
  strategy: 'sma-cross',
  parameters: { fast: 10, slow: 30 },
  data: { venue: 'sim', instrument: 'BTC-USDT', timeframe: '1h', from: '2024-01-01', to: '2024-07-01' },
  cash: 10_000,
  assumptions: { fee: '2/5', slippage: 1, latency: '5ms', sizing: 'fraction:0.5' },
  seed: 1,
  convention: 'contrail',
}
export const queued = {
  id: 'job-00112233445566aa',
  kind: 'backtest',
  state: 'queued',
  strategy: 'sma-cross',
  code: 'a3'.repeat(32),
  progress: { phase: 'waiting', done: 0, total: 0, rate: 0, etaMs: null },
  cancelling: false,
  run: null,
  error: null,
  by: 'admin',
  attempts: 0,
  request: backtest,
  createdUs: NOW_US,
  startedUs: null,
  finishedUs: null,
  revision: 1,
}
export const optimization = {
  ...backtest,
  parameters: {},
  space: ['fast=2..50', 'slow=20..200:5'],
  objective: 'sharpe',
  sampler: 'tpe',
  trials: 200,
}
export const searching = { ...queued, id: 'job-00112233445566bb', kind: 'optimization', request: optimization }
export const trial = { number: 0, state: 'done', parameters: { fast: 8, slow: 30 }, values: [1.19], problem: null }
const id = '20260101T000002-1a2b3c4d'
export const done = {
  ...queued,
  state: 'done',
  progress: { phase: 'over', done: 4_368, total: 4_368, rate: 1_250_000, etaMs: null },
  run: id,
  attempts: 1,
  startedUs: NOW_US + 40_000,
  finishedUs: NOW_US + 2_100_000,
  revision: 9,
}
export const run = {
  id,
  createdAt: '2026-01-01T00:00:02.000Z',
  complete: true,
  strategy: 'sma-cross',
  codeSha256: 'a3'.repeat(32),
  dataSha256: 'd7'.repeat(32),
  decisionsSha256: 'e1'.repeat(32),
  parameters: { fast: 10, slow: 30 },
  cash: 10_000,
  currency: 'USDT',
  finalEquity: 10_412.5,
  trades: 66,
  totalReturn: 0.04125,
  sharpe: 1.2,
  maxDrawdown: -0.08,
  job: done.id,
}
export const record = {
  schema: 'contrail.run/1',
  id,
  createdAt: run.createdAt,
  complete: true,
  strategy: { name: 'sma-cross', codeSha256: run.codeSha256, parameters: run.parameters },
  data: { sha256: run.dataSha256, label: 'data store' },
  cash: run.cash,
  currency: run.currency,
  metrics: { totalReturn: 0.04125, sharpe: 1.2, maxDrawdown: -0.08, sortino: null },
  finalEquity: run.finalEquity,
  decisionsSha256: run.decisionsSha256,
}
