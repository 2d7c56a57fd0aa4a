import { deadLetterSchema, decodeJson, encodeJson } from '@contrail/contracts'
import { expect, test } from 'vitest'
import { layAside, lettersOf } from './letters.ts'
import { createMemoryBus } from './memory.ts'
import { redrive } from './redrive.ts'

test('dead letters are listed newest first, and those that were put back or laid aside say so', async () => {
  const bus = createMemoryBus({ streams: [{ name: 'DLQ', subjects: ['dlq.>', 'redrive.>', 'aside.>'] }] })
  expect(await lettersOf(bus)).toEqual([])
  const letter = (sequence: number) =>
    encodeJson({ schema: 1, stream: 'TRADES', consumer: 'portfolio', subject: 'trades.confirm.paper.s', sequence, cause: 'no such row', attempts: 8, data: '', atUs: 7 }) // prettier-ignore
  expect(decodeJson(deadLetterSchema, letter(1), 'deadLetter').cause).toBe('no such row')
  for (const sequence of [11, 12, 13]) await bus.publish('dlq.TRADES.portfolio', letter(sequence))
  await redrive(bus, 1)
  const said = { by: 'admin', reason: 'a message of a test', atUs: 9 }
  await layAside(bus, 3, said)
  const found = (await lettersOf(bus)).map(({ letter: number, sequence, putBack, laidAside }) => ({
    number,
    sequence,
    putBack,
    by: laidAside?.by,
  }))
  expect(found).toEqual([
    { number: 3, sequence: 13, putBack: false, by: 'admin' },
    { number: 2, sequence: 12, putBack: false, by: undefined },
    { number: 1, sequence: 11, putBack: true, by: undefined },
  ])
  expect((await lettersOf(bus))[0]?.laidAside).toEqual({ schema: 1, letter: 3, ...said })
  await expect(layAside(bus, 3, said)).rejects.toMatchObject({ code: 'already_laid_aside' })
  await expect(layAside(bus, 99, said)).rejects.toMatchObject({ code: 'not_found' })
  await expect(layAside(bus, 2, { ...said, reason: '' })).rejects.toThrow(/reason/)
  // It can still be put back: what was said of it stays.
  await redrive(bus, 3)
  expect((await lettersOf(bus))[0]).toMatchObject({ letter: 3, putBack: true, laidAside: said })
})
