const REDRAW_MS = 100

/** One line on stderr that is drawn over, with rate and time left; nothing where nobody looks. */
export function progressLine(what: string, unit: string, stream: NodeJS.WriteStream = process.stderr) {
  const startMs = performance.now()
  let drawnMs = Number.NEGATIVE_INFINITY
  return {
    /** `part` of the whole, 0 to 1, where it is known. */
    update: (done: number, part?: number): void => {
      const nowMs = performance.now()
      if (!stream.isTTY || nowMs - drawnMs < REDRAW_MS) return
      drawnMs = nowMs
      stream.write(`\r\u001B[2K${progressText(what, unit, done, part, (nowMs - startMs) / 1000)}`)
    },
    end: (): void => {
      if (stream.isTTY && drawnMs > 0) stream.write('\r\u001B[2K')
    },
  }
}

export function progressText(
  what: string,
  unit: string,
  done: number,
  part: number | undefined,
  seconds: number,
): string {
  const rate = seconds > 0 ? done / seconds : 0
  const share = part === undefined ? '' : `  ${(part * 100).toFixed(0)} %`
  const left = part !== undefined && part > 0 && part < 1 ? `  ${spell((seconds / part) * (1 - part))} left` : ''
  return `${what}${share}  ${done.toLocaleString('en-US')} ${unit}  ${Math.round(rate).toLocaleString('en-US')}/s${left}`
}

const spell = (seconds: number): string =>
  seconds < 90
    ? `${Math.ceil(seconds)} s`
    : seconds < 5400
      ? `${Math.ceil(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`
