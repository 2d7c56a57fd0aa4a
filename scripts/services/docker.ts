import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { Command } from './child.ts'
import type { ServiceName } from './choice.ts'
import { BootFault } from './faults.ts'
import { runs } from './programs.ts'

/** The same images as in compose.yaml. */
export const images: Record<ServiceName, string> = {
  nats: 'nats:2.14-alpine',
  postgres: 'timescale/timescaledb:2.31.0-pg18',
  redis: 'valkey/valkey:9-alpine',
}

/** `which docker` is not enough: the client is often there without a daemon to talk to. */
export function needDocker(service: ServiceName): void {
  if (runs('docker', ['info'])) return
  const mend = `start Docker, or leave BOOT and BOOT_${service.toUpperCase()} unset to do without it`
  throw new BootFault('unreachable', 'Docker was asked for but its daemon does not answer', mend)
}

/**
 * A container in the foreground, so that it is a child like any other: same ports, same data folder, same signals.
 * Host networking keeps the services on loopback, where their configuration says they listen.
 */
export function dockerCommand(
  service: ServiceName,
  home: string,
  args: readonly string[],
  options: { entrypoint?: string; environment?: Readonly<Record<string, string>>; imageUser?: boolean } = {},
): Command {
  const name = `contrail-${createHash('sha256').update(home).digest('hex').slice(0, 8)}-${service}`
  // One left over from a supervisor that was killed would hold the name and the data.
  spawnSync('docker', ['rm', '--force', name], { stdio: 'ignore' })
  const user = options.imageUser === true ? [] : ['--user', `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`]
  const entrypoint = options.entrypoint === undefined ? [] : ['--entrypoint', options.entrypoint]
  const environment = Object.entries(options.environment ?? {}).flatMap(([key, value]) => ['--env', `${key}=${value}`])
  const flags = ['--rm', '--init', '--network', 'host', '--name', name, '--volume', `${home}:${home}`]
  return { file: 'docker', args: ['run', ...flags, ...user, ...entrypoint, ...environment, images[service], ...args] }
}
