import { join } from 'node:path'
import { repository } from './debian.ts'
import { runs } from './programs.ts'

export type Ran = { code: number; output: string }
/** Runs a program whose output is both shown and kept. */
export type Run = (file: string, args: readonly string[], env: Record<string, string>) => Promise<Ran>

/** Scripts of the root package.json; turbo runs them side by side and skips what has not changed since it passed. */
export const CHECKS = ['format:check', 'lint', 'types', 'tidy'] as const

/** Runs all checks, whatever the others say; the names of those that failed. */
export async function runChecks(run: Run): Promise<string[]> {
  const turbo = join(repository, 'node_modules', '.bin', 'turbo')
  return runs(turbo, ['--version']) ? withTurbo(turbo, run) : oneByOne(run)
}

async function withTurbo(turbo: string, run: Run): Promise<string[]> {
  const tasks = CHECKS.map((check) => `//#${check}`)
  const flags = ['--continue', '--output-logs=errors-only', '--log-order=grouped', '--ui=stream']
  const { code, output } = await run(turbo, ['run', ...tasks, ...flags], { TURBO_TELEMETRY_DISABLED: '1' })
  return code === 0 ? [] : failedTasks(output)
}

/** From the line of turbo's summary that names them. */
export function failedTasks(output: string): string[] {
  const listed = /^\s*Failed:\s+(.+)$/m.exec(output)?.[1]
  return listed === undefined ? ['checks'] : listed.split(',').map((task) => task.trim().replace('//#', ''))
}

async function oneByOne(run: Run): Promise<string[]> {
  const failed: string[] = []
  for (const check of CHECKS) {
    console.error(`contrail: ${check}`)
    const { code } = await run('npm', ['run', '--silent', check], {})
    if (code !== 0) failed.push(check)
  }
  return failed
}
