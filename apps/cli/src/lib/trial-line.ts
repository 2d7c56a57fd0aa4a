import type { Objective, Trial } from '@contrail/research'
import { styled } from './print.ts'

export const pointText = (point: Trial['point']): string =>
  Object.entries(point)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toPrecision(6)) : value}`)
    .join(', ')
export const valueText = (value: number | null | undefined): string =>
  value === null || value === undefined ? 'undefined' : String(Number(value.toPrecision(6)))

/** `37 of 100 trials  12.3/s  5 s left  best sharpe 1.23 (23: fast 10, slow 20)`, written over itself in a terminal. */
export function trialLine(options: {
  total: number
  objectives: readonly Objective[]
  already: number
  nowMs: () => number
}) {
  const isShown = process.stderr.isTTY === true
  const startedMs = options.nowMs()
  const names = options.objectives.map(({ name }) => name)
  let [ran, shownMs] = [0, -Infinity]
  return {
    show(done: number, best: Trial | undefined): void {
      ran++
      const nowMs = options.nowMs()
      if (!isShown || (nowMs - shownMs < 100 && done < options.total)) return
      shownMs = nowMs
      const rate = nowMs > startedMs ? (ran / (nowMs - startedMs)) * 1000 : 0
      const left = rate > 0 && options.total < 1e6 ? `  ${Math.ceil((options.total - done) / rate)} s left` : ''
      const of = options.total < 1e6 ? ` of ${options.total}` : ''
      const found =
        best?.state === 'done'
          ? `  best ${names.map((name, i) => `${name} ${valueText(best.values[i])}`).join(', ')} (${best.number}: ${pointText(best.point)})`
          : ''
      process.stderr.write(`\r\u001b[2K${done}${of} trials  ${rate.toFixed(1)}/s${left}${styled('bold', found)}`)
    },
    clear: (): void => void (isShown && process.stderr.write('\r\u001b[2K')),
  }
}
