import { writeFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { SEQUENCES_CELL, STREAMS, stuckFile } from './watchdog.ts'
import type { Stuck } from './watchdog.ts'

/** Looks are counted, not time: a process that was stopped by a signal or a laptop's lid is not stuck. */
const LOOK_MS = 100
const MEBI = 1024 * 1024
const { cells, folder, budgetMs, heapBytesMax } = workerData as {
  cells: Float64Array
  folder: string
  budgetMs: number
  heapBytesMax: number
}
const names = new Map<number, { strategy: string; code: string; revision: number }>()
parentPort?.on('message', ({ own, of }: { own: number; of: { strategy: string; code: string; revision: number } }) => {
  names.set(own, of)
})

let step = -1
let at = -1
let looks = 0
/** Of the process, when the step at hand was first seen. */
let memoryBytes = 0
setInterval(() => {
  const [number, own, stream, place] = cells as unknown as [number, number, number, number]
  if (own === 0 || number !== step || place !== at) {
    step = number
    at = place
    looks = 0
    memoryBytes = process.memoryUsage.rss()
    return
  }
  looks += 1
  const of = names.get(own)
  if (!of) return
  const input = `${STREAMS[stream] ?? 'input'} ${cells[SEQUENCES_CELL + place]}`
  const takenBytes = process.memoryUsage.rss() - memoryBytes
  if (looks * LOOK_MS >= budgetMs) end(of, `did not come back within ${budgetMs / 1000} s on ${input}: an endless loop`)
  // At the whole V8 ends the process, and nobody knows whose step it was.
  else if (takenBytes > heapBytesMax / 2) end(of, `took ${Math.round(takenBytes / MEBI)} MB of memory on ${input}`)
}, LOOK_MS)

function end(of: { strategy: string; code: string; revision: number }, what: string): void {
  const detail = `a handler ${what}; mend it and start it again`
  writeFileSync(stuckFile(folder, of.strategy), JSON.stringify({ ...of, detail } satisfies Stuck))
  process.kill(process.pid, 'SIGKILL')
}
