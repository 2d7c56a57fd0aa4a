import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Refusal } from '@contrail/contracts'
import { applyStreams } from './apply.ts'
import { assertDurable } from './durable.ts'
import { subjectsTable } from './subjects-doc.ts'

const USAGE = `usage: node nats/src/main.ts [apply] [--dry-run] [--url nats://operator:…@host:port]
       node nats/src/main.ts check --monitor http://127.0.0.1:8222
       node nats/src/main.ts subjects [--write]`

const BEGIN = '<!-- table -->'

try {
  await run()
} catch (error) {
  if (error instanceof Refusal) {
    console.error(error.message)
    process.exitCode = 1
  } else if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    console.error(`${error.message}\n${USAGE}`)
    process.exitCode = 2
  } else throw error
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'dry-run': { type: 'boolean', default: false },
      url: { type: 'string' },
      monitor: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  })
  switch (positionals[0] ?? 'apply') {
    case 'apply': {
      const url = values.url ?? process.env['CONTRAIL_NATS_URL'] ?? 'nats://127.0.0.1:4222'
      const say = (line: string) => console.log(line)
      const { changes, applied } = await applyStreams(url, { dryRun: values['dry-run'], say })
      console.log(changes.length === 0 ? 'nothing to do' : `${changes.length} changes${applied ? '' : ' (dry run)'}`)
      return
    }
    case 'check':
      await assertDurable(values.monitor ?? 'http://127.0.0.1:8222')
      return console.log('every acknowledged message is flushed')
    case 'subjects':
      return values.write ? writeSubjects() : console.log(subjectsTable())
    default:
      console.error(USAGE)
      process.exitCode = 2
  }
}

/** Puts the table between its two markers; the prose around it is by hand. */
function writeSubjects(): void {
  const file = path.resolve(import.meta.dirname, '../../subjects.md')
  const [before, , after] = readFileSync(file, 'utf8').split(BEGIN)
  if (before === undefined || after === undefined) throw new Error(`${file} has not two lines ${BEGIN}`)
  writeFileSync(file, `${before}${BEGIN}\n\n${subjectsTable()}\n\n${BEGIN}${after}`)
}
