import { readFileSync } from 'node:fs'
import path from 'node:path'

/* What can be seen by reading: things that no run on one market would show. */

/** Numbers in a row from which on a list in the code is data rather than settings. */
const TABLE_NUMBERS = 64
const WORDS: readonly [RegExp, string][] = [
  [/\basync\b|\bawait\b/, 'is asynchronous: a step is over when it returns'],
  [/\.\s*stack\b/, 'reads the stack of an error: it depends on the machine'],
  [/\bimport\s*\(/, 'imports while it runs'],
  [/\bimport\.meta\b/, 'asks where it was loaded from'],
  [/\bdebugger\b/, 'stops in a debugger'],
]
const NUMBER = '-?\\d[\\d_.]*(e[+-]?\\d+)?'
const TABLE = new RegExp(`${NUMBER}(\\s*,\\s*${NUMBER}){${TABLE_NUMBERS - 1}}`)

/** One line each: file, line and what is wrong there. */
export function readSources(files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const name = path.basename(file)
    if (!/\.(ts|mts|js|mjs)$/.test(file))
      return [`${name}: data is read at load; what a strategy knows comes from its inputs`]
    const text = readFileSync(file, 'utf8')
    const code = withoutComments(text)
    const table = TABLE.exec(withoutComments(text, true))
    return [
      ...code
        .split('\n')
        .flatMap((line, index) =>
          WORDS.filter(([word]) => word.test(line)).map(([, why]) => `${name}:${index + 1} ${why}`),
        ),
      ...(table
        ? [`${name}:${lineOf(text, table.index)} a table of ${TABLE_NUMBERS} or more numbers: data in the code`]
        : []),
    ]
  })
}

/** Comments and texts are blanks; lines stay where they are. `keepTexts`: a table may hide in a text. */
function withoutComments(text: string, keepTexts = false): string {
  const blank = (found: string) => found.replace(/[^\n]/g, ' ')
  return text.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g,
    (found) => (keepTexts && !found.startsWith('/') ? found.replace(/['"`]/g, ' ') : blank(found)),
  )
}
const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length
