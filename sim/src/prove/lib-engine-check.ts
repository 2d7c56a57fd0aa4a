import { createHash } from 'node:crypto'
import { pathToFileURL } from 'node:url'
import type { Bus, BusMessage } from '@contrail/runtime'
import { createStrategyActor } from '@contrail/trading'
import type { StrategyDefinition } from '@contrail/trading'
import type { Deployed } from './lib-engine.ts'
import { XRP_ETH } from './lib-engine-market.ts'

/** The log of one strategy: each decision as one line without its epoch, and what stands around them. */
export type DecisionLog = {
  readonly lines: readonly string[]
  readonly decisions: readonly RecordedDecision[]
  readonly activations: number
  readonly orderIds: readonly string[]
  readonly sha256: string
}
export type RecordedDecision = {
  readonly number: number
  readonly cause: { readonly stream: string; readonly sequence: number }
  readonly trail: readonly (readonly [string, number])[]
  readonly intents: readonly { readonly type: string; readonly orderId: string }[]
}

export async function readAll(bus: Bus, stream: string): Promise<BusMessage[]> {
  const through = (await bus.streamState(stream))?.lastSequence ?? 0
  const all: BusMessage[] = []
  if (through === 0) return all
  const done = Promise.withResolvers<void>()
  const reader = await bus.read({
    stream,
    fromSequence: 0,
    onMessage: (message) => {
      all.push(message)
      if (message.sequence >= through) done.resolve()
    },
    onLost: (reason) => done.reject(new Error(reason)),
  })
  await done.promise
  await reader.stop()
  return all
}

export function logOf(orders: readonly BusMessage[], strategy: string): DecisionLog {
  const lines: string[] = []
  const decisions: RecordedDecision[] = []
  let activations = 0
  for (const message of orders) {
    if (message.subject !== `orders.signal.${strategy}`) continue
    const value = JSON.parse(new TextDecoder().decode(message.data)) as Record<string, unknown>
    if (value['kind'] === 'activated') {
      activations += 1
      continue
    }
    delete value['epoch']
    lines.push(JSON.stringify(value))
    decisions.push(value as unknown as RecordedDecision)
  }
  const orderIds = decisions.flatMap(({ intents }) =>
    intents.filter(({ type }) => type === 'place').map(({ orderId }) => orderId),
  )
  return { lines, decisions, activations, orderIds, sha256: sha256Of(lines) }
}

const sha256Of = (lines: readonly string[]): string => createHash('sha256').update(lines.join('\n')).digest('hex')

/** How the log must be when nothing had ever been killed: the same inputs, one after the other, in one loop. */
export async function undisturbed(deployed: Deployed, market: readonly BusMessage[]): Promise<string[]> {
  const run = await startRun(deployed)
  const mailbox = new Set(run.mailbox['MD'])
  return market.filter(({ subject }) => mailbox.has(subject)).flatMap((input) => run.apply(input) ?? [])
}

/** The same, with reports between the ticks: along the recorded trails. A trail that cannot be followed ends it. */
export async function alongTrails(
  deployed: Deployed,
  recorded: readonly RecordedDecision[],
  streams: Readonly<Record<string, readonly BusMessage[]>>,
): Promise<string[]> {
  const run = await startRun(deployed)
  const at: Record<string, number> = {}
  const mine = Object.fromEntries(
    Object.entries(streams).map(([stream, messages]) => {
      const mailbox = new Set(run.mailbox[stream])
      return [stream, messages.filter(({ subject }) => mailbox.has(subject))]
    }),
  )
  const lines: string[] = []
  for (const { trail } of recorded)
    for (const [stream, through] of trail) {
      const messages = mine[stream] ?? []
      for (let next = messages[at[stream] ?? 0]; next && next.sequence <= through;) {
        at[stream] = (at[stream] ?? 0) + 1
        const line = run.apply(next)
        if (line !== undefined) lines.push(line)
        next = messages[at[stream]]
      }
    }
  return lines
}

type Run = { mailbox: Readonly<Record<string, readonly string[]>>; apply(input: BusMessage): string | undefined }

/** A host of its own in a few lines: shares the step with the engine, nothing else. */
async function startRun({ strategy, file, parameters }: Deployed): Promise<Run> {
  const module = (await import(pathToFileURL(file).href)) as { default: StrategyDefinition }
  const options = { strategy, tenant: 'main', account: 'paper', parameters, instruments: [XRP_ETH] }
  const actor = createStrategyActor(module.default, options)
  let number = 0
  let trail: [string, number][] = []
  return {
    mailbox: actor.mailbox,
    apply(input) {
      const { stream, sequence, subject } = input
      const last = trail.at(-1)
      if (last && last[0] === stream) last[1] = sequence
      else trail.push([stream, sequence])
      const output = actor.step(input, number + 1)
      if (!output) return undefined
      number += 1
      const head = { schema: 1, tenant: 'main', account: 'paper', strategy, kind: 'decision', number }
      const line = JSON.stringify({ ...head, cause: { stream, sequence, subject }, trail, ...output.body })
      trail = []
      return line
    },
  }
}

/** The first line where two logs differ. */
export function firstDifferentLine(recorded: readonly string[], wanted: readonly string[]): string | undefined {
  const length = Math.max(recorded.length, wanted.length)
  for (let i = 0; i < length; i++)
    if (recorded[i] !== wanted[i])
      return `line ${i + 1}: recorded ${recorded[i] ?? 'nothing'}; wanted ${wanted[i] ?? 'nothing'}`
  return undefined
}

export function quantile(values: readonly number[], q: number): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? null
}
