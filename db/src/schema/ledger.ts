import { sql } from 'drizzle-orm'
import { bigint, bigserial, check, foreignKey, index, integer, numeric } from 'drizzle-orm/pg-core'
import { pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { tenantId, us, writtenUs } from './columns.ts'

/** What an account of the ledger stands for. The sign rule: what we hold is positive, where it came from is negative. */
export const LEDGER_KINDS = ['cash', 'inventory', 'fee', 'trading', 'external', 'funding', 'suspense'] as const
export type LedgerKind = (typeof LEDGER_KINDS)[number]

/** One account of the ledger: a kind, for one asset, of one strategy's sub-account (`-` = the venue account itself). */
export const ledgerAccounts = pgTable(
  'ledger_accounts',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    tenantId: tenantId(),
    account: text('account').notNull(),
    strategy: text('strategy').notNull(),
    kind: text('kind').$type<LedgerKind>().notNull(),
    asset: text('asset').notNull(),
  },
  (table) => [
    uniqueIndex('ledger_accounts_key').on(table.tenantId, table.account, table.strategy, table.kind, table.asset),
  ],
)

/** One venue fact. Its key is the venue's own id of that fact, so that it is booked once for ever. */
export const ledgerTransactions = pgTable(
  'ledger_transactions',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    tenantId: tenantId(),
    account: text('account').notNull(),
    /** `fill:<venue>:<instrument>:<trade id>`, `deposit:<name>`, `bust:...`. */
    key: text('key').notNull(),
    kind: text('kind').$type<'fill' | 'deposit' | 'transfer' | 'funding' | 'reversal'>().notNull(),
    /** The transaction that this one undoes. */
    reverses: bigint('reverses', { mode: 'number' }),
    description: text('description').notNull(),
    strategy: text('strategy').notNull(),
    venue: text('venue'),
    instrument: text('instrument'),
    atUs: us('at_us').notNull(),
    writtenUs: writtenUs(),
  },
  (table) => [
    uniqueIndex('ledger_transactions_key').on(table.tenantId, table.account, table.key),
    uniqueIndex('ledger_transactions_reverses')
      .on(table.reverses)
      .where(sql`reverses is not null`),
    foreignKey({ columns: [table.reverses], foreignColumns: [table.id] }),
  ],
)

/**
 * Each statement adds to a transaction what sums to zero per asset; the database checks it, and that transaction and
 * account are there: once per statement, where references would be looked up for each row. None of them ever goes away.
 */
export const ledgerEntries = pgTable(
  'ledger_entries',
  {
    transactionId: bigint('transaction_id', { mode: 'number' }).notNull(),
    line: integer('line').notNull(),
    tenantId: tenantId(),
    ledgerAccountId: bigint('ledger_account_id', { mode: 'number' }).notNull(),
    asset: text('asset').notNull(),
    amount: numeric('amount').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.transactionId, table.line] }),
    check('ledger_entries_amount', sql`${table.amount} <> 0`),
  ],
)

/** The fold of the fills of one (account, strategy, venue, instrument). */
export const positions = pgTable(
  'positions',
  {
    tenantId: tenantId(),
    account: text('account').notNull(),
    strategy: text('strategy').notNull(),
    venue: text('venue').notNull(),
    instrument: text('instrument').notNull(),
    quantity: numeric('quantity').notNull(),
    /** What the open quantity cost in quote: exact, where an average price would have to be rounded. */
    cost: numeric('cost').notNull(),
    realised: numeric('realised').notNull(),
    /** All fees so far in quote. */
    fees: numeric('fees').notNull(),
    fills: integer('fills').notNull(),
    /** The last fill in the canonical order (venue time, trade id): a later one is added, an earlier one refolds. */
    lastUs: us('last_us').notNull(),
    lastTradeId: text('last_trade_id').notNull(),
    /** Of TRADES: what this row is folded through. */
    incarnation: text('incarnation').notNull(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    atUs: us('at_us').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.account, table.strategy, table.venue, table.instrument] })],
)

/** What is still open of each opening fill, oldest first. */
export const fifoLots = pgTable(
  'fifo_lots',
  {
    tenantId: tenantId(),
    account: text('account').notNull(),
    strategy: text('strategy').notNull(),
    venue: text('venue').notNull(),
    instrument: text('instrument').notNull(),
    tradeId: text('trade_id').notNull(),
    quantity: numeric('quantity').notNull(),
    cost: numeric('cost').notNull(),
    openedUs: us('opened_us').notNull(),
  },
  (table) => [
    primaryKey({
      columns: [table.tenantId, table.account, table.strategy, table.venue, table.instrument, table.tradeId],
    }),
  ],
)

/**
 * What each fill, and each bust of one, did to its position: the rows that P&L groups and that a position is folded from
 * anew. Append-only: a bust is a row that takes back, and a late fill carries what it changed in those after it.
 */
export const portfolioFills = pgTable(
  'portfolio_fills',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    tenantId: tenantId(),
    account: text('account').notNull(),
    strategy: text('strategy').notNull(),
    venue: text('venue').notNull(),
    instrument: text('instrument').notNull(),
    kind: text('kind').$type<'fill' | 'bust'>().notNull(),
    tradeId: text('trade_id').notNull(),
    orderId: text('order_id').notNull(),
    side: text('side').$type<'buy' | 'sell'>().notNull(),
    quantity: numeric('quantity').notNull(),
    price: numeric('price').notNull(),
    fee: numeric('fee').notNull(),
    feeAsset: text('fee_asset').notNull(),
    /** Worth in quote of a fee in a third asset when it was booked. */
    feeValue: numeric('fee_value'),
    venueTimeUs: us('venue_time_us').notNull(),
    transactionId: bigint('transaction_id', { mode: 'number' })
      .notNull()
      .references(() => ledgerTransactions.id),
    /** How much this row changed the position's realised result and fees, in quote. */
    realised: numeric('realised').notNull(),
    fees: numeric('fees').notNull(),
    atUs: us('at_us').notNull(),
  },
  (table) => [
    uniqueIndex('portfolio_fills_trade').on(
      table.tenantId,
      table.account,
      table.venue,
      table.instrument,
      table.tradeId,
      table.kind,
    ),
    index('portfolio_fills_position').on(
      table.account,
      table.strategy,
      table.venue,
      table.instrument,
      table.venueTimeUs,
    ),
    check('portfolio_fills_kind', sql`${table.kind} in ('fill', 'bust')`),
  ],
)

/**
 * Worth of an account per currency over time. Beside the ledger and not among the market's hypertables, because the
 * portfolio service only reads that database; a point every few seconds per account is a small table.
 */
export const equityPoints = pgTable(
  'equity_points',
  {
    tenantId: tenantId(),
    account: text('account').notNull(),
    currency: text('currency').notNull(),
    atUs: us('at_us').notNull(),
    equity: numeric('equity').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.account, table.currency, table.atUs] })],
)
