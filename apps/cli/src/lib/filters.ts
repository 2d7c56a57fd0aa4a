export const filterArgs = {
  account: { type: 'string', description: 'Only this account' },
  strategy: { type: 'string', description: 'Only this strategy' },
  instrument: { type: 'string', description: 'Only this instrument' },
  limit: { type: 'string', description: 'At most this many', default: '50' },
} as const
