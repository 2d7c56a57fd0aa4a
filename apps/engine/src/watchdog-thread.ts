import { writeFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { PLACE_CELL, STREAMS, stuckFile } from './watchdog.ts'
import type { Stuck } from './watchdog.ts'

/** Looks are counted, not time: a process that was stopped by a signal or a laptop's lid is not stuck. */
const LOOK_MS = 100
const { cells, folder, budgetMs } = workerData as { cells: Float64Array; folder: string; budgetMs: number }
const names = new Map<number, { strategy: string; code: string; revision: number }>()
parentPort?.on('message', ({ own, of }: { own: number; of: { strategy: string; code: string; revision: number } }) => {
  names.set(own, of)
})

let step = -1
let at = -1
let looks = 0
setInterval(() => {
  const [number, own, stream, place] = cells as unknown as [number, number, number, number]
  if (own === 0 || number !== step || place !== at) {
    step = number
    at = place
    looks = 0
    return
  }
  looks += 1
  const of = names.get(own)
  if (looks * LOOK_MS < budgetMs || !of) return
  const sequence = cells[PLACE_CELL + 1 + place]
  const input = `${STREAMS[stream] ?? 'input'} ${sequence}`
  const detail = `a handler did not come back within ${budgetMs / 1000} s on ${input}: an endless loop; mend it and start it again`
  writeFileSync(stuckFile(folder, of.strategy), JSON.stringify({ ...of, detail } satisfies Stuck))
  process.kill(process.pid, 'SIGKILL')
}, LOOK_MS)
