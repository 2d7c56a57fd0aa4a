import type { RunProgress } from '@contrail/research'

const size = (value: number): string =>
  value >= 1e6 ? `${(value / 1e6).toFixed(1)}m` : value >= 1e4 ? `${(value / 1e3).toFixed(0)}k` : value.toFixed(0)
const span = (ms: number): string =>
  ms >= 120_000 ? `${(ms / 60_000).toFixed(0)} min` : `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`

/** `running  41 %  1.2m of 3.0m events  812k/s  2.1 s left` */
export function progressText({ phase, done, total, rate, leftMs }: RunProgress, things = 'events'): string {
  if (phase !== 'running' || total === 0) return phase
  const share = Math.floor((done / total) * 100)
  const left = leftMs === undefined ? '' : `  ${span(leftMs)} left`
  return `running  ${share} %  ${size(done)} of ${size(total)} ${things}  ${size(rate)}/s${left}`
}

/** One line of a terminal that is written over; nothing where nobody looks. */
export function runProgress(
  stream: NodeJS.WriteStream = process.stderr,
  things = 'events',
): {
  show(progress: RunProgress): void
  clear(): void
} {
  const isShown = stream.isTTY === true
  return {
    show: (progress) => void (isShown && stream.write(`\r\u001b[2K${progressText(progress, things)}`)),
    clear: () => void (isShown && stream.write('\r\u001b[2K')),
  }
}
