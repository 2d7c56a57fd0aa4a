import { BUCKETS } from '@contrail/contracts'
import type { BucketName, ObjectStoreName, StreamName } from '@contrail/contracts'
import { DURABLES, redriveName } from './consumers.ts'
import type { Durable } from './consumers.ts'

export const natsUsers = [
  'ingest',
  'recorder',
  'engine',
  'orders',
  'portfolio',
  'strategies',
  'gateway',
  'researcher',
  'operator',
] as const
export type NatsUser = (typeof natsUsers)[number]

/** One writer per fact: what a service may say, read and own. What is not here is refused by the server. */
export type Rights = {
  readonly writes: readonly string[]
  readonly reads: readonly StreamName[]
  readonly consumes: readonly string[]
  readonly kvWrites: readonly BucketName[]
  readonly kvReads: readonly BucketName[]
  readonly objects: Partial<Readonly<Record<ObjectStoreName, 'read' | 'write'>>>
}

export const RIGHTS: Readonly<Record<Exclude<NatsUser, 'operator'>, Rights>> = {
  ingest: {
    writes: ['md.>', 'alerts.*.*'],
    reads: ['MD'],
    // One process may host the feed and the recorder.
    consumes: ['MD/recorder'],
    kvWrites: [],
    kvReads: [],
    objects: {},
  },
  recorder: {
    writes: ['alerts.*.*'],
    reads: ['MD'],
    consumes: ['MD/recorder'],
    kvWrites: [],
    kvReads: [],
    objects: {},
  },
  engine: {
    writes: ['orders.signal.*', 'strategy.event.*', 'alerts.*.*'],
    reads: ['MD', 'ORDERS', 'TRADES', 'CONTROL'],
    consumes: [],
    kvWrites: ['actors', 'workers'],
    kvReads: ['strategies', 'actors', 'workers', 'halts'],
    objects: { bundles: 'read' },
  },
  orders: {
    writes: ['orders.manual.*', 'trades.confirm.*.*', 'alerts.*.*'],
    reads: ['MD', 'ORDERS', 'TRADES'],
    consumes: ['ORDERS/orders'],
    kvWrites: ['halts'],
    kvReads: ['halts', 'strategies'],
    objects: {},
  },
  portfolio: {
    writes: ['alerts.*.*'],
    reads: ['MD', 'TRADES'],
    consumes: ['TRADES/portfolio'],
    kvWrites: ['positions'],
    kvReads: ['positions', 'strategies'],
    objects: {},
  },
  strategies: {
    writes: ['strategy.control.*', 'research.trial.*', 'alerts.*.*'],
    reads: ['CONTROL', 'ORDERS', 'RESULTS'],
    consumes: ['CONTROL/strategies'],
    kvWrites: ['strategies', 'studies'],
    kvReads: ['strategies', 'workers', 'actors', 'studies'],
    objects: { bundles: 'write', datasets: 'write' },
  },
  gateway: {
    // What a person said of a dead letter; nothing acts on it.
    writes: ['aside.*.*.*'],
    reads: ['MD', 'ORDERS', 'TRADES', 'CONTROL', 'ALERTS', 'RESULTS', 'DLQ'],
    consumes: [],
    kvWrites: [],
    kvReads: [...BUCKETS],
    objects: {},
  },
  // `contrail worker`: runs trials on any machine.
  researcher: {
    writes: ['results.trial.*.*'],
    reads: ['RESULTS'],
    consumes: ['RESEARCH/trials'],
    kvWrites: [],
    kvReads: ['studies'],
    objects: { bundles: 'read', datasets: 'read' },
  },
}

export type Permissions = {
  readonly publish: { readonly allow: readonly string[]; readonly deny?: readonly string[] }
  readonly subscribe: { readonly allow: readonly string[] }
}

const SUBJECTS_OF: Readonly<Record<StreamName, readonly string[]>> = {
  MD: ['md.>'],
  ORDERS: ['orders.>'],
  TRADES: ['trades.>'],
  CONTROL: ['strategy.>'],
  ALERTS: ['alerts.>'],
  PLATFORM: ['users.event.>', 'billing.event.>'],
  RESEARCH: ['research.>'],
  RESULTS: ['results.>'],
  DLQ: ['dlq.>'],
}

export function permissionsOf(user: NatsUser): Permissions {
  if (user === 'operator') return { publish: { allow: ['>'] }, subscribe: { allow: ['>'] } }
  const rights = RIGHTS[user]
  const own = DURABLES.filter((durable) => rights.consumes.includes(`${durable.stream}/${durable.durable}`))
  const streams = [...rights.reads, ...new Set([...rights.kvReads, ...rights.kvWrites].map((name) => `KV_${name}`))]
  const allow = [
    '$JS.API.INFO',
    ...rights.writes,
    ...rights.kvWrites.map((bucket) => `$KV.${bucket}.>`),
    ...streams.flatMap(readSubjects),
    ...own.flatMap(consumeSubjects),
    ...objectSubjects(rights.objects),
  ]
  return {
    publish: { allow, deny: foreignDurables(own) },
    subscribe: { allow: [`_INBOX_${user}.>`, ...rights.reads.flatMap((name) => SUBJECTS_OF[name])] },
  }
}

/** An ordered reader makes a consumer of its own, pulls from it and removes it. */
const readSubjects = (stream: string): string[] => [
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.STREAM.MSG.GET.${stream}`,
  `$JS.API.CONSUMER.CREATE.${stream}.>`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
  `$JS.API.CONSUMER.DELETE.${stream}.*`,
]

const consumeSubjects = ({ stream, durable }: Durable): string[] => [
  ...bound(stream, durable),
  ...bound('DLQ', redriveName(stream, durable)),
  `dlq.${stream}.${durable}`,
]

const bound = (stream: string, durable: string): string[] => [
  `$JS.API.CONSUMER.INFO.${stream}.${durable}`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
  `$JS.ACK.${stream}.${durable}.>`,
]

/** Nobody makes, changes or removes a durable; nobody takes messages of another's. */
function foreignDurables(own: readonly Durable[]): string[] {
  const all = DURABLES.flatMap((durable) => [
    { stream: durable.stream as string, name: durable.durable, mine: own.includes(durable) },
    { stream: 'DLQ', name: redriveName(durable.stream, durable.durable), mine: own.includes(durable) },
  ])
  return all.flatMap(({ stream, name, mine }) => [
    `$JS.API.CONSUMER.CREATE.${stream}.${name}`,
    `$JS.API.CONSUMER.CREATE.${stream}.${name}.>`,
    `$JS.API.CONSUMER.DELETE.${stream}.${name}`,
    ...(mine ? [] : [`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`]),
  ])
}

function objectSubjects(rights: Rights['objects']): string[] {
  return Object.entries(rights).flatMap(([store, access]) => {
    const read = [
      ...readSubjects(`OBJ_${store}`),
      `$JS.API.DIRECT.GET.OBJ_${store}`,
      `$JS.API.DIRECT.GET.OBJ_${store}.>`,
      `$JS.API.CONSUMER.INFO.OBJ_${store}.*`,
      `$JS.FC.OBJ_${store}.>`,
    ]
    return access === 'read' ? read : [...read, `$O.${store}.>`, `$JS.API.STREAM.PURGE.OBJ_${store}`]
  })
}
