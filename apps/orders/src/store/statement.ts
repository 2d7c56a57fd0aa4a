import type { Sql } from '@contrail/db'

/**
 * A part of one statement, under a name: its text, in which its values stand as `$1`, `$2`, ... Parts of one name have one
 * text, whatever their values.
 */
export type Part = {
  readonly name: string
  readonly text: (...values: string[]) => string
  readonly values: readonly unknown[]
}

/** By the names of their parts: few shapes are in use, and an order does not wait for 3 kB to be put together again. */
const texts = new Map<string, string>()

/** All parts as one prepared statement: one commit and one round trip. */
export function statementOf<Row extends object>(sql: Sql, parts: readonly Part[], result: string) {
  let shape = result
  for (const { name } of parts) shape += ` ${name}`
  let text = texts.get(shape)
  if (text === undefined) texts.set(shape, (text = textOf(parts, result)))
  const values = parts.flatMap((part) => part.values)
  return sql.unsafe<Row[]>(text, values as never[], { prepare: true })
}

function textOf(parts: readonly Part[], result: string): string {
  let number = 0
  const written = parts.map(({ name, text, values }) => `${name} as (${text(...values.map(() => `$${++number}`))})`)
  return `with ${written.join(', ')} ${result}`
}

/**
 * What every other part takes its rows from: without the epoch nothing is written. Share: a new owner waits for whoever
 * writes under the old epoch.
 */
export function fenceOf(of: { venue: string; account: string; epoch: number; tenant: string; atUs: number }): Part {
  return { name: 'fence', text: FENCE, values: [of.venue, of.account, of.epoch, of.tenant, of.atUs] }
}

const FENCE: Part['text'] = (venue, account, epoch, tenant, atUs) => `
  select account, ${tenant}::text as tenant, ${atUs}::bigint as at_us from venue_leases
  where venue = ${venue} and account = ${account} and epoch = ${epoch} for share`
