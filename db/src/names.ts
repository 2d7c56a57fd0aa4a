export const DATABASES = ['user', 'strategy', 'market', 'trade'] as const
export type DatabaseName = (typeof DATABASES)[number]

export const DB_ROLES = [
  'users',
  'billing',
  'strategies',
  'recorder',
  'engine',
  'orders',
  'portfolio',
  'backoffice',
] as const
export type DbRole = (typeof DB_ROLES)[number]

/** `timescale`: aggregates and policies; `apache`: hypertables only; `none`: plain Postgres partitions. */
export const TIMESCALE_LEVELS = ['timescale', 'apache', 'none'] as const
export type TimescaleLevel = (typeof TIMESCALE_LEVELS)[number]

export type DatabaseUrls = Record<DbRole, Record<DatabaseName, string | undefined>>
