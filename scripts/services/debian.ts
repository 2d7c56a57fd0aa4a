import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { needSpace } from './disk.ts'

export const repository = resolve(import.meta.dirname, '..', '..')

/** Fetched binaries, shared by all profiles (and, by CONTRAIL_SERVICES_DIR, by many clones). */
export function servicesFolder(): string {
  return resolve(process.env['CONTRAIL_SERVICES_DIR'] || join(repository, '.contrail', 'services'))
}

export type Debian = {
  folder: string
  program(name: string): string | undefined
  version(packageName: string): string
}

let fetched: Promise<Debian | string> | undefined

/** The unpacked Debian packages, fetched on first need; a string says why there are none. */
export function debianPackages(say: (line: string) => void): Promise<Debian | string> {
  fetched ??= provide(say)
  return fetched
}

async function provide(say: (line: string) => void): Promise<Debian | string> {
  const folder = join(servicesFolder(), 'debian')
  if (!existsSync(folder)) {
    if (process.platform !== 'linux') return 'there are no Debian packages for this system'
    needSpace(servicesFolder())
    const refused = await fetchInto(folder, say)
    if (refused !== undefined) return refused
  }
  const versions = readFileSync(join(folder, 'versions.txt'), 'utf8').split('\n')
  return {
    folder,
    program(name) {
      const file = join(folder, 'bin', name)
      return existsSync(file) ? file : undefined
    },
    version(packageName) {
      const line = versions.find((entry) => entry.startsWith(`${packageName} `))
      return line?.split(' ')[1] ?? 'unknown'
    },
  }
}

function fetchInto(folder: string, say: (line: string) => void): Promise<string | undefined> {
  say('fetching nats-server, valkey and TimescaleDB as Debian packages (once, about 15 MB)')
  const script = spawn('bash', [join(import.meta.dirname, 'debian.sh'), folder], { stdio: ['ignore', 'pipe', 'pipe'] })
  const complaints: string[] = []
  createInterface({ input: script.stdout }).on('line', (line) => say(`  ${line}`))
  createInterface({ input: script.stderr }).on('line', (line) => complaints.push(line))
  return new Promise((done) => {
    script.once('error', (error) => done(error.message))
    const complaint = (): string | undefined => complaints.find((line) => line.startsWith('E: ')) ?? complaints.at(-1)
    script.once('close', (code) => done(code === 0 ? undefined : (complaint() ?? `debian.sh exit code ${code}`)))
  })
}
