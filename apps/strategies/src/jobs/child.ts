import { Refusal } from '@contrail/contracts'
import type { OptimizationRequest } from '@contrail/contracts'
import { openStore, timescalePort } from '@contrail/data'
import type { MarketDataPort, QueryTag } from '@contrail/data'
import { openDatabase } from '@contrail/db'
import { performRun } from '@contrail/research'
import type { RunProgress } from '@contrail/research'
import { expectedOfDatabase, expectedOfList, limitedPort } from './port.ts'
import { optimise } from './optimise.ts'
import { runRequestOf } from './task.ts'
import type { JobError, Said, Task, Told } from './task.ts'

/* The process of one job. It ends with its service: what it was doing is taken up again by whoever comes next. */

/** One query of market data. */
const STATEMENT_MS_MAX = 10 * 60_000
const stop = new AbortController()

process.on('disconnect', () => process.exit(1))
process.on('message', (told: Told) => {
  if (told.kind === 'stop') stop.abort()
  else void work(told.task)
})

async function work(task: Task): Promise<void> {
  const said = await endingOf(task)
  process.send?.(said, undefined, undefined, () => process.exit(0))
}

async function endingOf(task: Task): Promise<Said> {
  let close: () => Promise<void> = async () => undefined
  try {
    const opened = portOf(task)
    close = opened.close
    const { study } = task
    if (study !== undefined) {
      const tell = (progress: RunProgress): void => void process.send?.({ kind: 'progress', progress } satisfies Said)
      return await optimise({ ...task, request: task.request as OptimizationRequest, study }, opened.port, tell, stop.signal)
    }
    const request = runRequestOf(task.request, task.code, opened.port)
    const { record } = await performRun(request, {
      directory: task.runsDir,
      signal: stop.signal,
      onProgress: (progress) => process.send?.({ kind: 'progress', progress } satisfies Said),
    })
    return { kind: 'done', run: record.id, complete: record.complete, events: record.counts.events }
  } catch (error) {
    return { kind: 'failed', error: errorOf(error) }
  } finally {
    await close()
  }
}

function portOf({ request, dataDir, marketDbUrl, rowsMax }: Task): { port: MarketDataPort; close: () => Promise<void> } {
  if (request.data.source === 'files') {
    const store = openStore(dataDir)
    return { port: limitedPort(store, rowsMax, expectedOfList(store)), close: async () => undefined }
  }
  if (marketDbUrl === undefined)
    throw new Refusal('invalid', 'data.source', 'database', 'this service knows no market database: use files')
  const options = { max: 2, name: 'strategies-job', statementTimeoutMs: STATEMENT_MS_MAX }
  const database = openDatabase(marketDbUrl, options)
  const { sql } = database
  // A run looks for funding in the list. The database keeps none, and counting all its rows would take long.
  const recorded: MarketDataPort = { ...timescalePort(sql as unknown as QueryTag), list: async () => [] }
  return { port: limitedPort(recorded, rowsMax, expectedOfDatabase(sql, rowsMax)), close: () => database.close() }
}

/** A refusal is an answer; anything else is a fault, which is named without its stack. */
function errorOf(error: unknown): JobError {
  if (error instanceof Refusal) {
    const { code, field, value, mend } = error
    return { code, field, value, mend }
  }
  const text = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown'
  return { code: 'internal', field: 'job', value: text.slice(0, 200), mend: 'a fault of ours: tell us the id of the job' }
}
