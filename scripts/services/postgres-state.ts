import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BootFault } from './faults.ts'
import { bornOf } from './processes.ts'

/**
 * postmaster.pid outlives a killed server, and PostgreSQL believes it as soon as any process has that number again.
 * Our own lock and the strays are settled before this is called, so only a server on this very folder may keep it.
 */
export function removeStaleLock(data: string): void {
  const file = join(data, 'postmaster.pid')
  let pid: number
  try {
    pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  } catch {
    return
  }
  if (bornOf(pid) === undefined || !commandLine(pid).includes(data)) return rmSync(file, { force: true })
  const what = `another PostgreSQL (pid ${pid}) runs on ${data}`
  throw new BootFault('locked', what, `stop it (kill -INT ${pid}) and start again`)
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

type Explanation = { pattern: RegExp; fault: (line: string, data: string) => BootFault }

const explanations: readonly Explanation[] = [
  {
    pattern: /No space left on device|Disk quota exceeded/,
    fault: () => new BootFault('disk_full', 'postgres: the disk is full', 'free some space and start again'),
  },
  {
    pattern: /could not bind|Address already in use/,
    fault: () => new BootFault('port_in_use', 'postgres: the port is in use', 'start again to take another port'),
  },
  {
    pattern: /invalid permissions|has wrong ownership/,
    fault: (line, data) =>
      new BootFault('not_permitted', `postgres: ${line}`, `chown it to the user who starts and chmod 700 ${data}`),
  },
  {
    pattern: /effective user ID|cannot be run as root|cannot be run as "root"/,
    fault: () =>
      new BootFault(
        'not_permitted',
        'postgres: this user has no name or is root, and user namespaces are forbidden here',
        'start as a named user, or set DATABASE_URL to use another PostgreSQL',
      ),
  },
  {
    pattern: /could not access file "timescaledb|could not load library .*timescaledb/,
    fault: (line) => new BootFault('start_failed', `postgres: ${line}`, 'set CONTRAIL_TIMESCALE=off'),
  },
  {
    pattern: new RegExp(
      [
        'PANIC',
        'could not locate a valid checkpoint',
        'incorrect checksum in control file',
        'not a valid data directory',
        'could not find the database system',
        'required WAL directory',
        'FATAL: +could not (open|read|access) (file|directory)',
        'FATAL: +.*No such file or directory',
        'database files are incompatible',
        'invalid (page|checkpoint|data in)',
        'bogus data in lock file',
      ].join('|'),
    ),
    fault: (line, data) =>
      new BootFault(
        'corrupt_data',
        `postgres: the data in ${data} is damaged (${line})`,
        'put it back from a backup, or begin anew with --fresh',
      ),
  },
]

/** What a log that ends in a refusal to start means, where we know. */
export function explainPostgresLog(log: string, data: string): BootFault | undefined {
  const lines = log.split('\n')
  for (const { pattern, fault } of explanations) {
    const line = lines.find((candidate) => pattern.test(candidate))
    if (line !== undefined) return fault(line.replace(/^.*?(FATAL|PANIC|LOG|ERROR): +/, '').trim(), data)
  }
  return undefined
}
