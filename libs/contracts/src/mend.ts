import type { z } from 'zod'

/** What to do about a value that a schema has refused, in words for the one who wrote it. */
export function mendOf(issue: z.core.$ZodIssue | undefined): string {
  if (!issue) return 'see the schema'
  switch (issue.code) {
    case 'invalid_type':
      return `give ${NOUNS[issue.expected] ?? issue.expected}`
    case 'too_small':
      return boundOf('at least', issue.origin, issue.minimum, issue.inclusive === false)
    case 'too_big':
      return boundOf('at most', issue.origin, issue.maximum, issue.inclusive === false)
    case 'invalid_value':
      return issue.values.length === 1
        ? `give ${String(issue.values[0])}`
        : `use one of ${issue.values.map(String).join(', ')}`
    case 'unrecognized_keys':
      return `leave out ${issue.keys.join(', ')}: there is no such field`
    case 'invalid_format':
      return saidByUs(issue) ? issue.message : `write it as ${issue.pattern ?? `a valid ${issue.format}`}`
    case 'not_multiple_of':
      return `give a multiple of ${issue.divisor}`
    default:
      return issue.message
  }
}

const NOUNS: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
}

/** The library's own messages say what was wrong, in terms of the library. */
const saidByUs = ({ message }: z.core.$ZodIssue): boolean => !message.startsWith('Invalid')

function boundOf(words: 'at least' | 'at most', origin: string, bound: number | bigint, open: boolean): string {
  if (origin === 'string') return `write ${words} ${bound} characters`
  if (origin === 'array' || origin === 'set') return `give ${words} ${bound} of them`
  return open ? `give ${words === 'at least' ? 'more' : 'less'} than ${bound}` : `give ${words} ${bound}`
}
