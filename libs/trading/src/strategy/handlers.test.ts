import { expect, test } from 'vitest'
import { refusePromise } from './handlers.ts'

test('a promise that a handler gives back is refused, and its failure is no failure of the process', async () => {
  const usual = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  const stray: string[] = []
  try {
    const seen = new Promise<void>((resolve) => {
      process.on('unhandledRejection', (reason) => {
        stray.push(String(reason))
        resolve()
      })
    })
    expect(() => refusePromise(Promise.reject(new Error('refused with it')))).toThrow(/returned a promise/)
    // Told in this order: had the first been nobody's, it would come before this one.
    void Promise.reject(new Error('nobody caught it'))
    await seen
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const listener of usual) process.on('unhandledRejection', listener)
  }
  expect(stray).toEqual(['Error: nobody caught it'])
})

test('what is nothing to wait for passes', () => {
  expect(() => refusePromise(7)).not.toThrow()
  expect(() => refusePromise(null)).not.toThrow()
})
