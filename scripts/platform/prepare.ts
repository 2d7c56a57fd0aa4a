import { fork } from 'node:child_process'
import type { DatabaseUrls, DbRole } from '@contrail/db'

export type PrepareInput = {
  readonly postgresUrl: string
  readonly databases: string | undefined
  readonly roles: Record<DbRole, string>
  readonly operatorNatsUrl: string
  readonly webDir: string
}
type Answer = { databases: DatabaseUrls } | { failed: string }

/**
 * Databases, streams and the page, brought up to date in a process of their own: what migrating and building need in
 * memory is not kept by the supervisor for as long as the platform runs.
 */
export function prepare(input: PrepareInput): Promise<DatabaseUrls> {
  const child = fork(import.meta.filename, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  return new Promise((resolve, reject) => {
    let answer: Answer | undefined
    child.on('message', (message: Answer) => (answer = message))
    child.once('error', reject)
    child.once('exit', (code) => {
      if (answer && 'databases' in answer) resolve(answer.databases)
      else reject(new Error(answer?.failed ?? `preparing ended with ${code}`))
    })
    child.send(input)
  })
}

async function run(input: PrepareInput): Promise<Answer> {
  const [{ migrate }, { applyStreams }, { buildWeb }] = await Promise.all([
    import('@contrail/db'),
    import('@contrail/nats'),
    import('@contrail/web'),
  ])
  const [{ urls }] = await Promise.all([
    migrate({
      adminUrl: input.postgresUrl,
      passwords: input.roles,
      ...(input.databases ? { databases: input.databases } : {}),
    }),
    applyStreams(input.operatorNatsUrl),
    buildWeb(input.webDir),
  ])
  return { databases: urls }
}

if (import.meta.main)
  process.once('message', (input: PrepareInput) => {
    void run(input)
      .catch((error: unknown): Answer => ({ failed: error instanceof Error ? error.message : String(error) }))
      .then((answer) => process.send?.(answer, undefined, {}, () => process.exit(0)))
  })
