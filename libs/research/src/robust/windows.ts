import { refuse } from '@contrail/contracts'

export type WalkForwardWindow = {
  readonly trainFromUs: number
  readonly trainToUs: number
  /** Out of sample: from the end of training. */
  readonly testToUs: number
}
export type WindowOptions = {
  readonly windows: number
  /** Length of training over length of test; of the first window, when anchored. Default 3. */
  readonly ratio?: number
  /** Training always begins at the start, and grows. */
  readonly anchored?: boolean
}
export const WINDOWS_MAX = 200

export function windowsOf(fromUs: number, toUs: number, options: WindowOptions): WalkForwardWindow[] {
  const { windows, ratio = 3, anchored = false } = options
  if (!Number.isInteger(windows) || windows < 1 || windows > WINDOWS_MAX)
    throw refuse('usage', '--windows', windows, `a whole number from 1 to ${WINDOWS_MAX}`)
  if (!(ratio > 0)) throw refuse('usage', '--ratio', ratio, 'more than 0: training is so many times the test')
  const testUs = (toUs - fromUs) / (windows + ratio)
  const trainUs = ratio * testUs
  return Array.from({ length: windows }, (_, i) => ({
    trainFromUs: anchored ? fromUs : Math.round(fromUs + i * testUs),
    trainToUs: Math.round(fromUs + trainUs + i * testUs),
    testToUs: i === windows - 1 ? toUs : Math.round(fromUs + trainUs + (i + 1) * testUs),
  }))
}
