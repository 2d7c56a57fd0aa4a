import { readFileSync } from 'node:fs'
import path from 'node:path'
import { messages, STREAMS, streamOf } from '@contrail/contracts'
import { redriveDurable } from '@contrail/runtime'
import { describe, expect, it } from 'vitest'
import { DURABLES, redriveName } from './consumers.ts'
import { permissionsOf } from './permissions.ts'
import { covers, SUBJECT_ROWS, subjectsTable } from './subjects-doc.ts'
import { STREAM_SUBJECTS } from './streams.ts'

describe('names', () => {
  it('the runtime looks for redriven letters where they are sent', () => {
    for (const { stream, durable } of DURABLES)
      expect(redriveName(stream, durable)).toBe(redriveDurable(stream, durable))
  })

  it('every subject of the table is stored by the stream that the contracts name', () => {
    for (const { subject, schema } of SUBJECT_ROWS) {
      const sample = subject.replaceAll(/<[^>]+>/g, 'x')
      const stream = streamOf(sample)
      const homes = STREAMS.filter((name) => STREAM_SUBJECTS[name].some((rule) => covers(rule, sample)))
      expect([subject, homes]).toEqual([subject, [stream]])
      expect(Object.keys(messages)).toContain(schema)
    }
  })

  it('subjects.md holds the table of this code', () => {
    const text = readFileSync(path.resolve(import.meta.dirname, '../../subjects.md'), 'utf8')
    expect(text).toContain(subjectsTable())
  })

  it.each([
    ['a.*', 'a.b', true],
    ['a.*', 'a.b.c', false],
    ['a.>', 'a.b.c', true],
    ['a.>', 'a', false],
    ['a.*.c', 'a.b.c', true],
  ])('%s covers %s: %s', (pattern, subject, answer) => {
    expect(covers(pattern, subject)).toBe(answer)
  })

  it('no service may do everything', () => {
    for (const user of ['ingest', 'engine', 'orders', 'gateway'] as const)
      expect(permissionsOf(user).publish.allow).not.toContain('>')
  })
})
