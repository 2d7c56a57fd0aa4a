import { deadLetterSchema, decodeJson, encodeJson } from '@contrail/contracts'
import { createMemoryBus, redrive } from '@contrail/runtime'
import { expect, test } from 'vitest'
import { lettersOf } from './lib/letters.ts'

test('dead letters are listed newest first, and those that were put back say so', async () => {
  const bus = createMemoryBus({ streams: [{ name: 'DLQ', subjects: ['dlq.>', 'redrive.>'] }] })
  expect(await lettersOf(bus)).toEqual([])
  const letter = (sequence: number) =>
    encodeJson({ schema: 1, stream: 'TRADES', consumer: 'portfolio', subject: 'trades.confirm.paper.s', sequence, cause: 'no such row', attempts: 8, data: '', atUs: 7 }) // prettier-ignore
  expect(decodeJson(deadLetterSchema, letter(1), 'deadLetter').cause).toBe('no such row')
  for (const sequence of [11, 12]) await bus.publish('dlq.TRADES.portfolio', letter(sequence))
  await redrive(bus, 1)
  const found = (await lettersOf(bus)).map(({ letter: number, sequence, putBack }) => ({ number, sequence, putBack }))
  expect(found).toEqual([
    { number: 2, sequence: 12, putBack: false },
    { number: 1, sequence: 11, putBack: true },
  ])
})
