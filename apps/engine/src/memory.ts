import { Session } from 'node:inspector'
import type { HeapProfiler } from 'node:inspector'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import type { Clock, Logger } from '@contrail/runtime'
import { codeOf } from './afterwards.ts'
import type { Watchdog } from './watchdog.ts'

const LOOK_MS = 250
/**
 * Parts of what V8 allows this process from which it is asked who holds it; from 0.8 on V8 may end the process. To ask stops
 * the worker for seconds, so after a false alarm (it was garbage, or nobody holds most) not again for so long, unless the
 * next part is passed.
 */
const ALARMS = [
  { part: 0.75, pauseMs: 10_000 },
  { part: 0.6, pauseMs: 300_000 },
]
const FULL = 0.6
/** So long after an alarm at which nobody was named V8 compiles each function by itself: a worker is slower then. */
const APART_MS = 60_000
/** The code that holds most must hold so much of the heap, and of what all strategies hold: objects made by us for it do not count. */
const OF_HEAP_MIN = 0.05
const OF_STRATEGIES_MIN = 0.5
/** Bytes between two allocations whose stack is kept, while they live: a thousandth of a worker's time at most. */
const SAMPLED_BYTES = 4 * 1024 * 1024
const MEBI = 1024 * 1024

/**
 * What a strategy keeps outside of its state (a variable of its module, the inside of an object of its own) no checkpoint
 * limits, and V8 ends the process when the heap is full: all strategies of the worker, again and again. Before that the code
 * that holds the memory is written down, as for a handler that does not come back, and the process ends: nothing else gives
 * back what a module holds. The next life halts that code and runs the others.
 *
 * The profile knows functions as they are compiled: what a handler allocates that V8 has compiled into ours is ours there. So
 * where nobody can be named all are compiled apart for a while, and the next alarm names who has taken more since.
 */
export function watchMemory(watchdog: Watchdog, clock: Clock, log: Logger): () => void {
  const session = new Session()
  session.connect()
  session.post('HeapProfiler.startSampling', { samplingInterval: SAMPLED_BYTES })
  const askedMs = new Map<(typeof ALARMS)[number], number>()
  let timer = clock.setTimer(LOOK_MS, look)
  /** While functions are compiled apart: part used when it was asked last, and what ends it. */
  let apart: { readonly part: number; readonly end: { cancel(): void } } | undefined
  return () => {
    timer.cancel()
    apart?.end.cancel()
    session.disconnect()
  }

  function look(): void {
    timer = clock.setTimer(LOOK_MS, look)
    const used = partUsed()
    const passed = ALARMS.filter(({ part }) => used > part)
    const [alarm] = passed
    const nowMs = clock.monotonicMs()
    const isDue = alarm && nowMs - (askedMs.get(alarm) ?? -Infinity) >= alarm.pauseMs
    // By now whoever takes more is known.
    const isKnown = apart && used > apart.part + OF_HEAP_MIN
    if (!isDue && !isKnown) return
    for (const one of passed) askedMs.set(one, nowMs)
    if (apart) apart = { ...apart, part: used }
    endGuilty(used)
  }

  function endGuilty(used: number): void {
    // The profile is of what lives: V8 collects before it answers.
    const heldBytes = heldByCode(session, watchdog.folder)
    if (partUsed() <= FULL) return
    const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = getHeapStatistics()
    const [code, bytes] = mostOf(heldBytes, usedBytes) ?? []
    const held = Object.fromEntries([...heldBytes].map(([hash, of]) => [hash, Math.round(of / MEBI)]))
    const usedMb = Math.round(usedBytes / MEBI)
    if (code === undefined || bytes === undefined) {
      log.error({ usedMb, heldMb: held }, 'memory is nearly full, and no strategy holds most of what strategies hold')
      return compileApart(used)
    }
    const detail = `it holds ${Math.round(bytes / MEBI)} MB outside of its state; this worker has ${Math.round(limitBytes / MEBI)} MB for all`
    const strategies = watchdog.blame(code, detail)
    log.fatal(
      { strategies, usedMb, heldMb: held },
      'code of a strategy uses up the memory: this worker begins anew without it',
    )
    process.exit(1)
  }

  function compileApart(used: number): void {
    if (!apart) inlineFunctions(session, false)
    apart?.end.cancel()
    const end = clock.setTimer(APART_MS, () => {
      apart = undefined
      inlineFunctions(session, true)
    })
    apart = { part: used, end }
  }
}

function partUsed(): number {
  const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = getHeapStatistics()
  return usedBytes / limitBytes
}

/** Whether V8 may compile functions into those that call them, also what it has compiled so far: to count calls is to begin anew. */
function inlineFunctions(session: Session, may: boolean): void {
  for (const compiler of ['turbo', 'maglev']) setFlagsFromString(`--${may ? '' : 'no-'}${compiler}-inlining`)
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true })
  session.post('Profiler.stopPreciseCoverage')
  session.post('Profiler.disable')
}

function mostOf(heldBytes: ReadonlyMap<string, number>, usedBytes: number): [string, number] | undefined {
  const most = [...heldBytes].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0])
  const all = [...heldBytes.values()].reduce((sum, bytes) => sum + bytes, 0)
  return most[1] >= OF_HEAP_MIN * usedBytes && most[1] >= OF_STRATEGIES_MIN * all ? most : undefined
}

/** What lives of what was allocated in a bundle, and by others while they were called from it. */
function heldByCode(session: Session, folder: string): Map<string, number> {
  const held = new Map<string, number>()
  const add = (node: HeapProfiler.SamplingHeapProfileNode, caller: string | undefined): void => {
    const code = codeOf(node.callFrame.url, folder) ?? caller
    if (code !== undefined) held.set(code, (held.get(code) ?? 0) + node.selfSize)
    for (const child of node.children) add(child, code)
  }
  session.post('HeapProfiler.getSamplingProfile', (error, answer) => {
    if (error) throw error
    add(answer.profile.head, undefined)
  })
  return held
}
