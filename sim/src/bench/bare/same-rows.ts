import postgres from 'postgres'

/**
 * The rows that `orders` commits for one market order that fills at once, by hand: copies of the rows of one such order,
 * under new names and in an account of their own, each group in one statement under the lease, as in the service.
 */
type Row = Record<string, unknown>
type Statement = { readonly text: string; readonly values: (number: number) => string[] }
export type SameRows = {
  attempt(number: number): Promise<void>
  request(number: number, sentUs: number): Promise<void>
  /** The report that is to be published. */
  answer(number: number): Promise<Row>
}

export const HAND_ACCOUNT = 'by-hand'
/** The client order id of the n-th order. */
export const handOrder = (number: number): string => `hand-${number}`
/** Columns that name the order, its fill or the account, and what stands in them instead. */
const RENAMED: Record<string, (number: number) => string> = {
  account: () => HAND_ACCOUNT,
  order_id: handOrder,
  cl_ord_id: handOrder,
  origin: handOrder,
  trade_id: handOrder,
}
/** Made by the database, as for the service. */
const MADE = new Set(['id', 'written_us', 'published_sequence'])
const FENCE = `fence as (
  select 1 from venue_leases where venue = 'paper' and account = '${HAND_ACCOUNT}' and epoch = 1 for share)`

export async function openSameRows(adminUrl: string, url: string): Promise<SameRows> {
  const admin = postgres(adminUrl, { max: 1, onnotice: () => undefined })
  const [order] = await admin<
    Row[]
  >`select * from orders where status = 'filled' and account <> ${HAND_ACCOUNT} limit 1`
  if (!order) throw new Error('no order of the service to copy')
  const [id, clOrdId] = [order['order_id'] as string, order['cl_ord_id'] as string]
  const one = async (table: string, column: string, value: string): Promise<Row> =>
    (await admin<Row[]>`select * from ${admin(table)} where ${admin(column)} = ${value} limit 1`)[0] as Row
  const rows = {
    order_attempts: await one('order_attempts', 'order_id', id),
    paper_requests: await one('paper_requests', 'cl_ord_id', clOrdId),
    paper_orders: await one('paper_orders', 'cl_ord_id', clOrdId),
    paper_fills: await one('paper_fills', 'cl_ord_id', clOrdId),
    orders: order,
    fills: await one('fills', 'order_id', id),
    executions: await one('executions', 'order_id', id),
    decision_heads: await one('decision_heads', 'strategy', order['strategy'] as string),
  }
  await admin`insert into venue_leases (venue, account, tenant_id, holder, epoch, expires_us)
    values ('paper', ${HAND_ACCOUNT}, 'main', 'bench', 1, ${Number.MAX_SAFE_INTEGER})`
  const types = new Map<string, string>()
  for (const { at, type } of await admin<{ at: string; type: string }[]>`
    select table_name || '.' || column_name as at, udt_name as type from information_schema.columns
    where table_schema = 'public'`)
    types.set(at, type)
  await admin.end()

  const sql = postgres(url, { max: 1, onnotice: () => undefined, connection: { 'app.tenant': 'main' } as object })
  /** Parts of a statement, each an insert of one row from the fence. */
  const inserts = (
    names: readonly (keyof typeof rows)[],
    more: Row = {},
    tail: Record<string, string> = {},
  ): Statement => {
    const given: ((number: number) => string | null)[] = []
    const parts = names.map((table) => {
      const row: Row = { ...rows[table], ...more }
      const columns = Object.keys(rows[table]).filter((column) => !MADE.has(column))
      const cells = columns.map((column) => {
        const named = RENAMED[column]
        const text = textOf(row[column])
        given.push(named && row[column] !== null ? named : () => text)
        return `$${given.length}::text::${types.get(`${table}.${column}`)}`
      })
      return `in_${table} as (insert into ${table} (${columns.map((name) => `"${name}"`).join(', ')})
        select ${cells.join(', ')} from fence ${tail[table] ?? ''})`
    })
    return { text: parts.join(', '), values: (number) => given.map((cell) => cell(number) as string) }
  }

  const attempt = inserts(['order_attempts'], { state: 'persisted', answered_us: null, head: headOf(order) })
  const request = inserts(['paper_requests', 'paper_orders', 'paper_fills'])
  const answer = inserts(
    ['orders', 'fills', 'executions', 'decision_heads'],
    {},
    {
      executions: 'returning id',
      decision_heads: 'on conflict (account, strategy) do update set number = excluded.number, index = excluded.index',
    },
  )
  const answered = `answered as (update order_attempts set state = 'accepted', answered_us = created_us, head = null
    from fence where order_id = $NAME and attempt = 1)`
  const run = async ({ text, values }: Statement, number: number, more: string, select: string): Promise<Row[]> => {
    const parameters = values(number)
    const also = more.replace('$NAME', `$${parameters.length + 1}`)
    const whole = `with ${FENCE}, ${text}${also && `, ${also}`} ${select}`
    return await sql.unsafe(whole, also ? [...parameters, handOrder(number)] : parameters, { prepare: true })
  }
  return {
    attempt: async (number) => void (await run(attempt, number, '', 'select 1 from fence')),
    async request(number, sentUs) {
      const values = (at: number) => request.values(at)
      const place = request.values(0).indexOf(textOf(rows.paper_requests['received_us']) as string)
      const stamped = (at: number) => values(at).with(place, String(sentUs))
      await run({ text: request.text, values: stamped }, number, '', 'select 1 from fence')
    },
    async answer(number) {
      const [told] = await run(answer, number, answered, 'select id from in_executions')
      return { ...(rows.executions['body'] as Row), orderId: handOrder(number), reportId: String(told?.['id']) }
    },
  }
}

const textOf = (value: unknown): string | null =>
  value === null || value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value)

/** What an attempt holds until its order has a row. */
function headOf({ intent, checks, stream, incarnation, sequence, decided_us, strategy }: Row): string {
  const small = (checks as Row[]).map(({ control, limit, found }) => [control, limit, found])
  const source = { stream, incarnation, sequence: Number(sequence) }
  const mark = { strategy, number: 1, index: 0 }
  return JSON.stringify({ intent, checks: small, source, decidedUs: Number(decided_us), mark })
}
