import type { Assumptions } from './types.ts'

/** What a run assumes where nothing else is said. */
export const defaultAssumptions: Assumptions = {
  fillModel: 'bar',
  fees: { kind: 'instrument' },
  slippage: { kind: 'none' },
  spreadBps: 0,
  latency: { kind: 'fixed', us: 0 },
  sizing: { kind: 'strategy' },
  leverage: 1,
  maintenanceMargin: 0,
  atEnd: 'mark',
  funding: true,
  riskGate: true,
  seed: 1,
}
