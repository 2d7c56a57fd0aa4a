/*
 * Where a line of a bundle comes from, so that an error names the author's file and line. Only the author's files are
 * kept, by paths relative to the strategy: the map is a part of the bundle, and its hash must be the same everywhere.
 */
type SourceMap = { readonly sources: readonly string[]; readonly mappings: string }

/** The bundle without esbuild's comments of paths, with a small map at its end; `above`: lines that will stand before. */
export function attachMap(text: string, map: string, isKept: (source: string) => boolean, above = 0): string {
  const lines = text.split('\n')
  const isPath = (line: string) => /^\s*\/\/ .*\.(ts|js|mjs|cjs)$/.test(line)
  const kept = lines.map((line) => !isPath(line))
  const bare = lines.filter((_, index) => kept[index]).join('\n')
  if (map === '') return bare
  const { sources, mappings } = JSON.parse(map) as SourceMap
  const own = sources.map(isKept)
  if (!own.includes(true)) return bare
  const value = {
    version: 3,
    sources: sources.filter(isKept),
    names: [],
    mappings: ';'.repeat(above) + only(mappings, kept, own),
  }
  const inline = Buffer.from(JSON.stringify(value)).toString('base64')
  return `${bare.trimEnd()}\n//# sourceMappingURL=data:application/json;base64,${inline}\n`
}

/** The mappings of kept lines to kept sources, encoded anew: every number is the difference to the one before. */
function only(mappings: string, kept: readonly boolean[], own: readonly boolean[]): string {
  const renumbered = own.map((_, index) => own.slice(0, index).filter(Boolean).length)
  const at = { source: 0, line: 0, column: 0 }
  const last = { source: 0, line: 0, column: 0 }
  const out: string[] = []
  mappings.split(';').forEach((line, index) => {
    let column = 0
    let lastColumn = 0
    const segments: string[] = []
    for (const segment of line === '' ? [] : line.split(',')) {
      const [bundled = 0, source = 0, sourceLine = 0, sourceColumn = 0] = decode(segment)
      column += bundled
      if (segment.length < 4) continue
      at.source += source
      at.line += sourceLine
      at.column += sourceColumn
      if (own[at.source] !== true || kept[index] !== true) continue
      const number = renumbered[at.source] as number
      segments.push(
        [column - lastColumn, number - last.source, at.line - last.line, at.column - last.column].map(encode).join(''),
      )
      lastColumn = column
      Object.assign(last, at, { source: number })
    }
    if (kept[index] === true) out.push(segments.join(','))
  })
  return out.join(';').replace(/;+$/, '')
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES = new Map(Array.from(DIGITS, (digit, value) => [digit, value]))

function decode(segment: string): number[] {
  const numbers: number[] = []
  let value = 0
  let shift = 0
  for (const digit of segment) {
    const bits = VALUES.get(digit) as number
    value |= (bits & 31) << shift
    shift += 5
    if (bits & 32) continue
    numbers.push(value & 1 ? -(value >>> 1) : value >>> 1)
    value = 0
    shift = 0
  }
  return numbers
}

function encode(number: number): string {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1
  let text = ''
  do {
    const bits = rest & 31
    rest >>>= 5
    text += DIGITS[rest > 0 ? bits | 32 : bits]
  } while (rest > 0)
  return text
}
