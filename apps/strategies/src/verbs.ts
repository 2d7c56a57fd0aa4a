import { controlSchema, decodeJson, desiredStrategySchema, Refusal, refuse, signalSchema, subjects } from '@contrail/contracts'
import type { Control, StrategyEvent, StrategyView } from '@contrail/contracts'
import type { deployRequest } from '@contrail/contracts'
import type { Bus, Clock } from '@contrail/runtime'
import { BUNDLE_BYTES_MAX, partsOf, putBundle, sha256Of, sharedText, thicken, thinOf } from '@contrail/runtime/bundle'
import type { z } from 'zod'
import type { Catalogue } from './catalogue.ts'
import { inspectStrategy } from './inspect.ts'
import type { Outbox } from './outbox.ts'
import type { Deployment, NewVersion, Outgoing, Store } from './store.ts'

export type VerbContext = {
  readonly tenant: string
  readonly account: string
  readonly store: Store
  readonly catalogue: Catalogue
  readonly outbox: Outbox
  readonly bus: Bus
  readonly clock: Clock
}
type DeployRequest = z.infer<typeof deployRequest>
type Command = Control['command']

const decoder = new TextDecoder()

/** A new strategy, or a new version of one. The bundle is in the store before anybody is told of it. */
export async function deploy(context: VerbContext, request: DeployRequest, by: string): Promise<StrategyView> {
  const { text, source } = await moduleOf(context, request)
  const manifest = await inspectStrategy(text, request.parameters)
  const code = sha256Of(text)
  const parts = partsOf(text)
  if (parts) await context.store.keepShared(parts.sharedHash, parts.shared)
  await putBundle(await context.bus.objects('bundles'), text)
  const version: NewVersion = {
    definition: manifest.name,
    code,
    sourceHash: sha256Of(source),
    source,
    bundle: new TextEncoder().encode(thinOf(text)),
    parametersSchema: manifest.parametersSchema,
  }
  await onLatest(() => deployVersion(context, request, { ...manifest, code }, version, by))
  return await viewOf(context, request.strategy)
}

/** What is paused or stopped stays so in its own state until it is told otherwise, whichever version goes on from it. */
const COMMAND_FOR = { running: 'start', paused: 'pause', stopped: 'stop' } as const

const TRIES_MAX = 5
/** Somebody else may write between our reading and our writing, such as a version being taken back: then we read again. */
async function onLatest<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++)
    try {
      return await attempt()
    } catch (error) {
      const isLate = error instanceof Refusal && error.code === 'conflict' && error.field === 'revision'
      if (!isLate || tries === TRIES_MAX) throw error
    }
}

async function deployVersion(
  context: VerbContext,
  request: DeployRequest,
  manifest: { name: string; parameters: Record<string, unknown>; code: string },
  version: NewVersion,
  by: string,
): Promise<void> {
  const { code } = manifest
  const before = await context.store.deployment(request.strategy)
  const atUs = context.clock.nowUs()
  const next: Deployment = {
    strategy: request.strategy,
    tenantId: context.tenant,
    account: request.account ?? before?.account ?? context.account,
    definition: manifest.name,
    code,
    parameters: manifest.parameters,
    desired: request.state,
    revision: (before?.revision ?? 0) + 1,
    updatedUs: atUs,
  }
  if (before && before.account !== next.account)
    throw refuse(
      'account_fixed',
      'account',
      next.account,
      `${next.strategy} trades on ${before.account}; deploy a new one`,
    )
  const command = before?.desired === next.desired ? 'reload' : COMMAND_FOR[next.desired]
  await commit(context, next, version, { command, by, detail: `${manifest.name} ${code.slice(0, 12)}` })
}

async function moduleOf(context: VerbContext, request: DeployRequest): Promise<{ text: string; source: string }> {
  if (request.bundle !== undefined) {
    if (request.bundle.length > BUNDLE_BYTES_MAX)
      throw refuse('too_large', 'bundle', `${request.bundle.length} bytes`, `keep it below ${BUNDLE_BYTES_MAX} bytes`)
    return { text: await wholeBundle(context, request.bundle), source: request.source ?? request.bundle }
  }
  if (request.definition === undefined)
    throw refuse('nothing_to_run', 'definition', 'nothing', 'name a built-in definition or send a bundle')
  const entry = await context.catalogue.get(request.definition)
  return { text: entry.bundle.text, source: entry.source }
}

/** What many bundles share is sent and kept once, by its hash: ours, the store's or Postgres'. */
export async function wholeBundle({ bus, store }: VerbContext, bundle: string): Promise<string> {
  const text = await thicken(bundle, async (hash) => {
    if (sha256Of(await sharedText()) === hash) return await sharedText()
    const found = (await (await bus.objects('bundles')).get(hash)) ?? (await store.shared(hash))
    return found && decoder.decode(found)
  })
  if (text === undefined)
    throw refuse('unknown_shared', 'bundle', bundle.slice(0, 74), 'it was bundled by another version: send it whole')
  return text
}

const DESIRED: Readonly<Record<'start' | 'pause' | 'resume' | 'stop', Deployment['desired']>> = {
  start: 'running',
  pause: 'paused',
  resume: 'running',
  stop: 'stopped',
}
export type StateCommand = keyof typeof DESIRED
export const STATE_COMMANDS = Object.keys(DESIRED) as StateCommand[]

export async function setState(
  context: VerbContext,
  strategy: string,
  command: StateCommand,
  by: string,
  reason: string,
) {
  await onLatest(async () => {
    const before = await deploymentOf(context, strategy)
    if (command === 'resume' && before.desired === 'stopped')
      throw refuse('stopped', 'strategy', strategy, `start it: contrail start ${strategy}`)
    const revision = before.revision + 1
    const next = { ...before, desired: DESIRED[command], revision, updatedUs: context.clock.nowUs() }
    await commit(context, next, undefined, { command, by, detail: reason })
  })
  return await viewOf(context, strategy)
}

export async function setParameters(
  context: VerbContext,
  strategy: string,
  change: Record<string, unknown>,
  by: string,
): Promise<StrategyView> {
  const before = await deploymentOf(context, strategy)
  const version = await context.store.version(before.definition, before.code)
  if (!version?.bundle) throw refuse('no_bundle', 'strategy', strategy, 'deploy it again')
  const bundle = await wholeBundle(context, decoder.decode(version.bundle))
  const manifest = await inspectStrategy(bundle, { ...before.parameters, ...change })
  const next = {
    ...before,
    parameters: manifest.parameters,
    revision: before.revision + 1,
    updatedUs: context.clock.nowUs(),
  }
  await commit(context, next, undefined, { command: 'reload', by, detail: `parameters ${JSON.stringify(change)}` })
  return await viewOf(context, strategy)
}

/** The engine took a new version back: what is desired from now on is what runs. Of a later wish nothing is changed. */
export async function rollBack(context: VerbContext, { strategy, version, worker, detail }: StrategyEvent) {
  const before = await context.store.deployment(strategy)
  if (!version || !before || before.code !== version.before) return
  const kept = await context.store.versionByCode(version.code)
  if (!kept) return
  const { code, parameters } = version
  const revision = before.revision + 1
  const next = { ...before, definition: kept.definition, code, parameters, revision, updatedUs: context.clock.nowUs() }
  const outgoing: Outgoing[] = [{ kind: 'put', target: 'strategies', key: strategy, payload: desiredOf(next) }]
  await context.store.save(
    next,
    undefined,
    { name: 'roll_back', by: worker, detail, atUs: next.updatedUs },
    outgoing,
  )
  await context.outbox.poke()
}

async function commit(
  context: VerbContext,
  next: Deployment,
  version: NewVersion | undefined,
  { command, by, detail }: { command: Command; by: string; detail: string },
): Promise<void> {
  const atUs = next.updatedUs
  const control = controlSchema.parse({ schema: 1, strategy: next.strategy, command, by, reason: detail, atUs })
  const outgoing: Outgoing[] = [
    { kind: 'put', target: 'strategies', key: next.strategy, payload: desiredOf(next) },
    { kind: 'publish', target: subjects.control(next.strategy), payload: control },
  ]
  await context.store.save(next, version, { name: command, by, detail, atUs }, outgoing)
  await context.outbox.poke()
}

export function desiredOf(deployment: Deployment) {
  const { strategy, account, definition, code, parameters, desired, revision } = deployment
  return desiredStrategySchema.parse({
    schema: 1,
    tenant: deployment.tenantId,
    account,
    strategy,
    definition,
    code,
    parameters,
    state: desired,
    from: 'live',
    revision,
  })
}

/** The streams can be rebuilt from Postgres: buckets that were lost get back what was committed. */
export async function restoreBuckets(context: VerbContext): Promise<number> {
  const objects = await context.bus.objects('bundles')
  const desired = await context.bus.kv('strategies')
  let restored = 0
  for (const deployment of await context.store.deployments()) {
    const version = await context.store.version(deployment.definition, deployment.code)
    if (version?.bundle && !(await objects.get(deployment.code))) await putBundle(objects, await wholeBundle(context, decoder.decode(version.bundle)))
    if (await desired.get(deployment.strategy)) continue
    await desired.put(deployment.strategy, new TextEncoder().encode(JSON.stringify(desiredOf(deployment))))
    restored++
  }
  return restored
}

async function deploymentOf(context: VerbContext, strategy: string): Promise<Deployment> {
  const found = await context.store.deployment(strategy)
  if (!found) throw refuse('not_found', 'strategy', strategy, 'see the list: contrail strategies')
  return found
}

/** The last message on its own subject knows how many decisions it has made; events are rarer. */
export async function viewsOf(context: VerbContext, strategy?: string): Promise<StrategyView[]> {
  const views = await context.store.views(strategy)
  return await Promise.all(
    views.map(async (view) => {
      const last = await context.bus.lastOnSubject('ORDERS', subjects.signal(view.strategy))
      const said = last ? decodeJson(signalSchema, last.data, 'signal') : undefined
      return { ...view, decisions: Math.max(view.decisions, said?.number ?? 0) }
    }),
  )
}

export async function viewOf(context: VerbContext, strategy: string): Promise<StrategyView> {
  const [view] = await viewsOf(context, strategy)
  if (!view) throw refuse('not_found', 'strategy', strategy, 'see the list: contrail strategies')
  return view
}
