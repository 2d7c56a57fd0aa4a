import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { checkArrows, checkDead, checkDeterminism, checkFace, checkForeign, checkSize } from './tidy/rules.ts'
import type { Finding, Source } from './tidy/rules.ts'

/** `npm run tidy`: arrows between rooms, determinism, sizes, dead files, foreign paths, subjects.md. */
const root = path.resolve(import.meta.dirname, '..')
/** Started by name, or read by a tool. */
const ENTRIES =
  /(src\/(index|main)\.tsx?|\.config\.ts|\.test\.tsx?|scripts\/(platform|test|tidy)\.ts|sim\/src\/(prove|bench)\/|apps\/cli\/src\/commands\/|^strategies\/)/

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(root, file)))
const read = (file: string): Source => ({ file, text: readFileSync(path.join(root, file), 'utf8') })
const code = files.filter((file) => /\.tsx?$/.test(file)).map(read)
const prose = files.filter(
  (file) => /\.(md|mjs|json|sh|yaml|yml|sql|css|html)$/.test(file) && file !== 'package-lock.json',
)
/** Files that are started by name: a path in a manifest, a script, a compose file, or a quoted file name in code. */
const quoted = code.flatMap(({ text }) =>
  [...text.matchAll(/['"`]([\w./-]+\.tsx?)['"`]/g)].map((match) => match[1] as string),
)
const mentioned = [
  ...quoted.filter((name) => !name.startsWith('.')),
  ...prose.flatMap((file) => [...read(file).text.matchAll(/[\w./-]+\.tsx?\b/g)].map((match) => match[0])),
]

const findings: Finding[] = [
  ...code.flatMap((source) => [
    ...checkArrows(source),
    ...checkDeterminism(source),
    ...checkSize(source),
    ...checkFace(source),
    ...checkForeign(source),
  ]),
  ...prose.map(read).flatMap(checkForeign),
  ...checkDead(code, ENTRIES, mentioned),
  ...(await checkSubjects()),
]

for (const { file, line, rule, text } of findings) console.error(`${file}:${line} ${rule}: ${text}`)
console.log(`tidy: ${code.length} source files, ${findings.length} findings`)
if (findings.length > 0) process.exitCode = 1

/** The table in subjects.md is made from code; a stale one fails. */
async function checkSubjects(): Promise<Finding[]> {
  const { subjectsTable } = await import('../nats/src/subjects-doc.ts')
  const stale = {
    file: 'subjects.md',
    line: 1,
    rule: 'subjects',
    text: 'stale: run node nats/src/main.ts subjects --write',
  }
  if (!existsSync(path.join(root, 'subjects.md'))) return [stale]
  return read('subjects.md').text.includes(subjectsTable().trim()) ? [] : [stale]
}
