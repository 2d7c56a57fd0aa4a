import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      '{libs,apps}/*/src/**/*.test.{ts,tsx}',
      '{db,nats,sim}/**/*.test.ts',
      'scripts/**/*.test.ts',
      '*.test.ts',
    ],
    exclude: ['**/node_modules/**', '.contrail/**'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
