/** House rules as functions over (path, text): each returns what is wrong, in words that name the mend. */
export type Finding = { readonly file: string; readonly line: number; readonly rule: string; readonly text: string }
export type Source = { readonly file: string; readonly text: string }

/** Who may import whom. A room that is absent imports nothing of ours. */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'libs/contracts': [],
  'libs/trading': ['contracts'],
  'libs/runtime': ['contracts'],
  'libs/data': ['contracts', 'trading'],
  'libs/research': ['contracts', 'trading', 'data', 'runtime'],
  db: ['contracts'],
  nats: ['contracts'],
  'apps/ingest': ['contracts', 'runtime', 'trading', 'data', 'db'],
  'apps/engine': ['contracts', 'runtime', 'trading', 'db'],
  'apps/orders': ['contracts', 'runtime', 'trading', 'db'],
  'apps/portfolio': ['contracts', 'runtime', 'trading', 'db'],
  'apps/strategies': ['contracts', 'runtime', 'trading', 'data', 'research', 'db'],
  'apps/gateway': ['contracts', 'runtime'],
  'apps/web': ['contracts'],
  'apps/cli': ['contracts', 'runtime', 'trading', 'data', 'research'],
}
/** sim/ and scripts/ may import anything: they assemble the house. */
const FREE = ['sim', 'scripts', 'strategies']

const IMPORT = /(?:from\s+|import\s*\(\s*|import\s+)['"]([^'"]+)['"]/g

export const roomOf = (file: string): string =>
  /^(libs|apps)\/[^/]+/.exec(file)?.[0] ?? (file.includes('/') ? file.slice(0, file.indexOf('/')) : '')
export const isTest = (file: string): boolean =>
  /(\.test\.tsx?|\.suite\.ts)$|\/testing(\/|\.ts)|\.config\.ts$/.test(file)

export function checkArrows({ file, text }: Source): Finding[] {
  const room = roomOf(file)
  if (FREE.includes(room) || room === '') return []
  const allowed = ARROWS[room]
  const findings: Finding[] = []
  for (const { specifier, line } of importsOf(text)) {
    const target = /^@contrail\/([a-z]+)/.exec(specifier)?.[1]
    if (
      target &&
      `@contrail/${target}` !== ownPackage(room) &&
      !allowed?.includes(target) &&
      !testMayImport(file, target)
    )
      findings.push({ file, line, rule: 'arrows', text: `${room} may not import ${specifier}` })
    if (specifier.startsWith('.') && escapes(file, specifier, room) && !isTest(file))
      findings.push({
        file,
        line,
        rule: 'arrows',
        text: `${specifier} leaves the room; import the package by its name`,
      })
    if (specifier.startsWith('.') && !/\.(tsx?|css|json|mjs)$/.test(specifier))
      findings.push({ file, line, rule: 'imports', text: `${specifier} must carry its extension` })
  }
  return findings
}

const ownPackage = (room: string): string => `@contrail/${room.split('/').pop()}`
/** Tests stand up real servers with the rooms that configure them. */
const testMayImport = (file: string, target: string): boolean =>
  isTest(file) && ['db', 'nats', 'runtime', 'trading'].includes(target)

function escapes(file: string, specifier: string, room: string): boolean {
  const parts = file.split('/').slice(0, -1)
  for (const step of specifier.split('/')) {
    if (step === '..') parts.pop()
    else if (step !== '.') parts.push(step)
  }
  return !`${parts.join('/')}/`.startsWith(`${room}/`)
}

/** Whatever could make a decision come out differently the second time. */
const NONDETERMINISM: readonly [RegExp, string][] = [
  [/\bDate\.now\b|\bnew Date\(|\bDate\(/, 'time is a field of the input'],
  [/\bMath\.random\b|\bcrypto\b|randomUUID/, 'randomness comes from a seed in the input'],
  [/\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bprocess\.nextTick\b/, 'timers are inputs (md.clock)'],
  [/\bfetch\(|\bXMLHttpRequest\b|\bWebSocket\b/, 'a step does no I/O'],
  [/\bprocess\.|\bglobalThis\b|\bperformance\./, 'a step reads no environment'],
  [/\bawait\b|\basync\b|\bPromise\b/, 'a step is synchronous'],
  [/from 'node:|import\('|\brequire\(/, 'a step imports nothing of the platform'],
  [/\bIntl\b|toLocale[A-Z]\w*\(|localeCompare/, 'the locale of a machine is an input nobody recorded'],
]
const CLOCKS: readonly [RegExp, string][] = [
  [/\bDate\.now\b|\bnew Date\(\)/, 'use the clock of the service context'],
  [/\bMath\.random\b/, 'use a seeded generator or node:crypto'],
]

export function checkDeterminism({ file, text }: Source): Finding[] {
  const room = roomOf(file)
  if (isTest(file) || FREE.includes(room)) return []
  const pure = room === 'libs/trading' || room === 'libs/contracts'
  const rules = pure ? NONDETERMINISM : room === 'libs/runtime' || room === 'apps/web' ? [] : CLOCKS
  return linesOf(text).flatMap(({ code, raw, line }) =>
    raw.includes('tidy-ok: ')
      ? []
      : rules
          .filter(([pattern]) => pattern.test(code))
          .map(([, why]) => ({ file, line, rule: 'determinism', text: `${code.trim().slice(0, 60)}: ${why}` })),
  )
}

/** Two ideas in one file, usually. */
export const LINES_MAX = 350
export function checkSize({ file, text }: Source): Finding[] {
  const count = text.split('\n').length - 1
  return count <= LINES_MAX || isTest(file)
    ? []
    : [{ file, line: count, rule: 'size', text: `${count} lines, at most ${LINES_MAX}: look for two ideas` }]
}

export function checkFace({ file, text }: Source): Finding[] {
  if (!file.endsWith('src/index.ts')) return []
  return linesOf(text)
    .filter(({ code }) => code.startsWith('export * from'))
    .map(({ line }) => ({ file, line, rule: 'face', text: 'name each export; no export *' }))
}

/** Paths of one machine, hosts of a registry, and what looks like a secret. */
const FOREIGN: readonly [RegExp, string][] = [
  [/(^|[\s'"`(=])\/(work|farm|root|home\/[a-z])\//, 'a path of one machine'],
  [/registry\.npmjs|artifactory|nexus\.|verdaccio/i, 'a registry host'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bsk_live_\w+/, 'a secret'],
]
export function checkForeign({ file, text }: Source): Finding[] {
  if (file.startsWith('scripts/tidy/')) return []
  return text.split('\n').flatMap((raw, index) =>
    raw.includes('tidy-ok: ')
      ? []
      : FOREIGN.filter(([pattern]) => pattern.test(raw)).map(([, what]) => ({
          file,
          line: index + 1,
          rule: 'foreign',
          text: what,
        })),
  )
}

/** A file that nothing imports and nobody starts is dead. */
export function checkDead(sources: readonly Source[], entries: RegExp, mentioned: readonly string[]): Finding[] {
  const imported = new Set<string>()
  const isMentioned = (file: string): boolean => mentioned.some((name) => file === name || file.endsWith(`/${name}`))
  for (const { file, text } of sources)
    for (const { specifier } of importsOf(text)) if (specifier.startsWith('.')) imported.add(resolve(file, specifier))
  return sources
    .filter(({ file }) => !imported.has(file) && !entries.test(file) && !isTest(file) && !isMentioned(file))
    .map(({ file }) => ({ file, line: 1, rule: 'dead', text: 'nothing imports or starts this file' }))
}

function resolve(file: string, specifier: string): string {
  const parts = file.split('/').slice(0, -1)
  for (const step of specifier.split('/')) {
    if (step === '..') parts.pop()
    else if (step !== '.') parts.push(step)
  }
  return parts.join('/')
}

export function importsOf(text: string): { specifier: string; line: number }[] {
  return linesOf(text).flatMap(({ code, line }) =>
    [...code.matchAll(IMPORT)].map((match) => ({ specifier: match[1] as string, line })),
  )
}

/** Lines without comments. A string that holds `//` keeps it only in `raw`, which is enough for these rules. */
function linesOf(text: string): { code: string; raw: string; line: number }[] {
  let inBlock = false
  return text.split('\n').map((raw, index) => {
    let code = raw
    if (inBlock) {
      const end = code.indexOf('*/')
      if (end < 0) return { code: '', raw, line: index + 1 }
      code = code.slice(end + 2)
      inBlock = false
    }
    code = code.replace(/\/\*.*?\*\//g, '')
    const start = code.indexOf('/*')
    if (start >= 0 && !/['"`].*\/\*/.test(code)) {
      inBlock = true
      code = code.slice(0, start)
    }
    return { code: code.replace(/(^|\s)\/\/.*$/, ''), raw, line: index + 1 }
  })
}
