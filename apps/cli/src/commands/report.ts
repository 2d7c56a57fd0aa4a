import path from 'node:path'
import { home } from '../lib/home.ts'
import { printJson } from '../lib/print.ts'
import { command } from '../lib/run.ts'
import { openInBrowser } from './runs.ts'

export default command(
  'report',
  'Make the report of a run again, with the studies that were made of it since: contrail report last',
  {
    run: { type: 'positional', description: 'Its id, the start of it, or last', required: false, default: 'last' },
    html: { type: 'string', description: 'Write it to this file' },
    open: { type: 'boolean', description: 'Open it in the browser' },
  },
  async ({ run, html, open, json }) => {
    const { renderRun, runsDirectory } = await import('@contrail/research')
    const made = await renderRun(runsDirectory(home(), process.env), run, html && path.resolve(html))
    if (open) openInBrowser(made.file)
    if (json) return printJson({ report: made.file, bytes: Buffer.byteLength(made.html) })
    process.stdout.write(`${made.file}  ${(Buffer.byteLength(made.html) / 1024).toFixed(0)} KB\n`)
  },
)
