import { BUCKETS, OBJECT_STORES, streamOf } from '@contrail/contracts'
import { natsUsers, permissionsOf, RIGHTS } from './permissions.ts'
import type { NatsUser } from './permissions.ts'
import { DURABLES } from './consumers.ts'
import { STREAM_KEPT } from './streams.ts'

type Row = { subject: string; schema: string; meaning: string }

/** Every subject there is, with the contract that its messages keep. */
export const SUBJECT_ROWS: readonly Row[] = [
  { subject: 'md.ticks.<venue>.<instrument>', schema: 'tick', meaning: 'a trade print' },
  { subject: 'md.quotes.<venue>.<instrument>', schema: 'quote', meaning: 'best bid and ask' },
  { subject: 'md.book.<venue>.<instrument>', schema: 'book', meaning: 'the first levels of both sides' },
  { subject: 'md.candles.<venue>.<instrument>.<timeframe>', schema: 'candle', meaning: 'a bar, forming or closed' },
  { subject: 'md.funding.<venue>.<instrument>', schema: 'funding', meaning: 'the funding rate of a perpetual' },
  { subject: 'md.status.<venue>.<instrument>', schema: 'feedStatus', meaning: 'feed live, stale, gap, reconnected' },
  { subject: 'md.clock', schema: 'clock', meaning: 'one a second, so that timers are inputs' },
  { subject: 'orders.signal.<strategy>', schema: 'signal', meaning: 'a copy became owner, or one decision' },
  { subject: 'orders.manual.<account>', schema: 'manual', meaning: "a person's order or cancel" },
  { subject: 'trades.confirm.<account>.<strategy>', schema: 'confirm', meaning: 'an execution report' },
  { subject: 'strategy.control.<strategy>', schema: 'control', meaning: 'start, pause, resume, reload, stop' },
  { subject: 'strategy.event.<strategy>', schema: 'strategyEvent', meaning: 'what became of it' },
  { subject: 'alerts.<severity>.<kind>', schema: 'alert', meaning: 'something a person should see' },
  { subject: 'research.trial.<study>', schema: 'trial', meaning: 'a set of parameters to run' },
  { subject: 'results.trial.<study>.<number>', schema: 'trialResult', meaning: 'what came of it, once' },
  { subject: 'dlq.<stream>.<consumer>', schema: 'deadLetter', meaning: 'a message that failed for good' },
  { subject: 'redrive.<stream>.<consumer>.<letter>', schema: 'deadLetter', meaning: 'a dead letter put back, once' },
  { subject: 'aside.<stream>.<consumer>.<letter>', schema: 'laidAside', meaning: 'it needs nothing any more, once' },
]

const BUCKET_ROWS: Readonly<Record<(typeof BUCKETS)[number], readonly [key: string, schema: string, meaning: string]>> =
  {
    strategies: ['<strategy>', 'desiredStrategy', 'desired state'],
    actors: ['<strategy>', 'checkpoint', 'checkpoints of actors'],
    positions: ['<account>.<strategy>.<venue>.<instrument>', 'position', 'live positions, for eyes'],
    halts: ['<scope>', 'halt', 'kill switches'],
    workers: ['<worker>', 'worker', 'live engine processes; forgotten after 5 s'],
    studies: ['<study>', 'study', 'what the trials of a study have in common'],
  }

const STORE_ROWS: Readonly<Record<(typeof OBJECT_STORES)[number], readonly [what: string, meaning: string]>> = {
  bundles: ['ES module', 'strategy code by hash'],
  datasets: ['columns, compressed', 'market data of studies; gone after 30 days'],
}

/** The table of subjects.md: from the contracts, the streams and the permissions. */
export function subjectsTable(): string {
  return [
    '| subject | message | stream | written by | read by | consumed by | meaning |',
    '|---|---|---|---|---|---|---|',
    ...SUBJECT_ROWS.map(subjectLine),
    '',
    '| stream | kept |',
    '|---|---|',
    ...Object.entries(STREAM_KEPT).map(([stream, kept]) => `| ${stream} | ${kept} |`),
    '',
    '| bucket | key | value | written by | read by | meaning |',
    '|---|---|---|---|---|---|',
    ...BUCKETS.map((bucket) => {
      const [key, schema, meaning] = BUCKET_ROWS[bucket]
      const writers = users((rights) => rights.kvWrites.includes(bucket))
      const readers = users((rights) => rights.kvReads.includes(bucket))
      return `| ${bucket} | \`${key}\` | ${schema} | ${writers} | ${readers} | ${meaning} |`
    }),
    ...OBJECT_STORES.map((store) => {
      const writers = users((rights) => rights.objects[store] === 'write')
      const readers = users((rights) => rights.objects[store] !== undefined)
      const [what, meaning] = STORE_ROWS[store]
      return `| ${store} (objects) | SHA-256 | ${what} | ${writers} | ${readers} | ${meaning} |`
    }),
  ].join('\n')
}

function subjectLine({ subject, schema, meaning }: Row): string {
  const stream = streamOf(subject)
  const sample = subject.replaceAll(/<[^>]+>/g, 'x')
  const writers = services.filter((user) => permissionsOf(user).publish.allow.some((rule) => covers(rule, sample)))
  const durables = DURABLES.filter(
    (durable) => durable.stream === stream && durable.filter.some((rule) => covers(rule, sample)),
  )
  const letters = subject.startsWith('dlq.') ? 'its consumer' : subject.startsWith('redrive.') ? 'operator' : ''
  const readers = users((rights) => rights.reads.includes(stream))
  const owners = users((rights) =>
    durables.some(({ stream: from, durable }) => rights.consumes.includes(`${from}/${durable}`)),
  )
  return `| \`${subject}\` | ${schema} | ${stream} | ${writers.join(', ') || letters} | ${readers} | ${owners} | ${meaning} |`
}

const services = natsUsers.filter((user): user is Exclude<NatsUser, 'operator'> => user !== 'operator')

const users = (has: (rights: (typeof RIGHTS)[keyof typeof RIGHTS]) => boolean): string =>
  services.filter((user) => has(RIGHTS[user])).join(', ')

/** Does a permission's pattern cover a subject? */
export function covers(pattern: string, subject: string): boolean {
  const want = pattern.split('.')
  const have = subject.split('.')
  const open = want.at(-1) === '>'
  const fixed = open ? want.slice(0, -1) : want
  if (open ? have.length <= fixed.length : have.length !== fixed.length) return false
  return fixed.every((token, index) => token === '*' || token === have[index])
}
