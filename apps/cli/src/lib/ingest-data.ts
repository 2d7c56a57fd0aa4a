import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Refusal } from '@contrail/contracts'
import { root } from './home.ts'

/** Rows so far, and how much of the whole that is. */
export type ChildProgress = { readonly rows: number; readonly part?: number }

/**
 * Ingest's own program, in a process of its own: it may write the database and talk to exchanges, this one may not. On
 * stdout it says its progress line by line and its result last; on stderr a refusal.
 */
export async function ingestData(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  onProgress: (progress: ChildProgress) => void,
): Promise<unknown> {
  const program = path.join(root, 'apps/ingest/src/data.ts')
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let result: unknown
  let problems = ''
  const lines = createInterface(child.stdout)
  lines.on('line', (line) => {
    const said = JSON.parse(line) as { progress?: ChildProgress; result?: unknown }
    if (said.progress) onProgress(said.progress)
    else result = said.result
  })
  child.stderr.on('data', (part: Buffer) => (problems += part.toString()))
  const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? 1)))
  if (code === 0) return result
  if (code !== 2) throw new Error(problems.trim().split('\n').at(-1))
  const refused = JSON.parse(problems) as Record<'code' | 'field' | 'value' | 'mend', string>
  throw new Refusal(refused.code, refused.field, { toString: () => refused.value }, refused.mend)
}
