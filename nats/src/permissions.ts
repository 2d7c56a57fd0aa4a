/**
 * One writer per fact, stated where the server enforces it. `publish`: subjects of ours; `streams`: what may be read by
 * an ordered reader; `durables`: what may be consumed and acknowledged; `buckets`: readable, and writable by key.
 */
export type Permission = {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  readonly read: readonly string[]
  readonly durables: readonly `${string}/${string}`[]
  readonly bucketsRead: readonly string[]
  readonly bucketsWrite: readonly string[]
  readonly objectsRead: boolean
  readonly objectsWrite: boolean
}
export const natsUsers = [
  'ingest',
  'recorder',
  'engine',
  'orders',
  'portfolio',
  'strategies',
  'gateway',
  'operator',
] as const
export type NatsUser = (typeof natsUsers)[number]

const none: Permission = {
  publish: [],
  subscribe: [],
  read: [],
  durables: [],
  bucketsRead: [],
  bucketsWrite: [],
  objectsRead: false,
  objectsWrite: false,
}
const EVERY_BUCKET = ['strategies', 'actors', 'positions', 'halts', 'workers']

export const PERMISSIONS: Readonly<Record<Exclude<NatsUser, 'operator'>, Permission>> = {
  ingest: {
    ...none,
    publish: ['md.>', 'alerts.>', 'dlq.MD.recorder'],
    subscribe: ['md.>'],
    read: ['MD'],
    durables: ['MD/recorder'],
  },
  recorder: { ...none, publish: ['alerts.>', 'dlq.MD.recorder'], read: ['MD'], durables: ['MD/recorder'] },
  engine: {
    ...none,
    publish: ['orders.signal.*', 'strategy.event.*', 'alerts.>'],
    read: ['MD', 'ORDERS', 'TRADES', 'CONTROL'],
    bucketsRead: ['strategies', 'actors', 'workers'],
    bucketsWrite: ['actors', 'workers'],
    objectsRead: true,
  },
  orders: {
    ...none,
    publish: ['orders.manual.*', 'trades.confirm.*.*', 'alerts.>', 'dlq.ORDERS.orders'],
    subscribe: ['md.>'],
    read: ['MD', 'ORDERS', 'TRADES'],
    durables: ['ORDERS/orders'],
    bucketsRead: ['halts'],
    bucketsWrite: ['halts'],
  },
  portfolio: {
    ...none,
    publish: ['alerts.>', 'dlq.TRADES.portfolio'],
    subscribe: ['md.>'],
    read: ['MD', 'TRADES'],
    durables: ['TRADES/portfolio'],
    bucketsRead: ['positions'],
    bucketsWrite: ['positions'],
  },
  strategies: {
    ...none,
    publish: ['strategy.control.*', 'alerts.>', 'dlq.CONTROL.strategies'],
    read: ['CONTROL'],
    durables: ['CONTROL/strategies'],
    bucketsRead: ['strategies'],
    bucketsWrite: ['strategies'],
    objectsRead: true,
    objectsWrite: true,
  },
  gateway: {
    ...none,
    subscribe: ['md.>', 'orders.>', 'trades.>', 'strategy.event.*', 'alerts.>'],
    read: ['MD', 'ORDERS', 'TRADES', 'CONTROL', 'ALERTS'],
    bucketsRead: EVERY_BUCKET,
  },
}

/** What the server is told. */
export function rules(user: NatsUser): { publish: string[]; subscribe: string[] } {
  if (user === 'operator') return { publish: ['>'], subscribe: ['>'] }
  const permission = PERMISSIONS[user]
  const readable = [
    ...permission.read,
    ...permission.bucketsRead.map((name) => `KV_${name}`),
    ...(permission.objectsRead ? ['OBJ_bundles'] : []),
  ]
  return {
    publish: [
      ...permission.publish,
      '$JS.API.INFO',
      ...readable.flatMap((stream) => [
        `$JS.API.STREAM.INFO.${stream}`,
        `$JS.API.STREAM.MSG.GET.${stream}`,
        `$JS.API.DIRECT.GET.${stream}`,
        `$JS.API.DIRECT.GET.${stream}.>`,
        `$JS.API.CONSUMER.CREATE.${stream}`,
        `$JS.API.CONSUMER.CREATE.${stream}.>`,
        `$JS.API.CONSUMER.INFO.${stream}.*`,
        `$JS.API.CONSUMER.DELETE.${stream}.*`,
        `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
        `$JS.FC.${stream}.>`,
      ]),
      ...permission.durables.flatMap((name) => [...durable(name), ...durable(`DLQ/redrive_${name.replace('/', '_')}`)]),
      ...permission.bucketsWrite.map((name) => `$KV.${name}.>`),
      ...(permission.objectsWrite ? ['$O.bundles.>', '$JS.API.STREAM.PURGE.OBJ_bundles'] : []),
    ],
    subscribe: [`_INBOX_${user}.>`, ...permission.subscribe],
  }
}

function durable(name: string): string[] {
  const [stream, consumer] = name.split('/') as [string, string]
  return [
    `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
    `$JS.ACK.${stream}.${consumer}.>`,
  ]
}
