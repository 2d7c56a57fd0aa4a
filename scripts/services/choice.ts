import { BootFault } from './faults.ts'

export type ServiceName = 'nats' | 'postgres' | 'redis'
export type Source = 'env' | 'docker' | 'path' | 'npm' | 'apt' | 'release'
export type Chosen = { service: string; how: string; version: string }
export type Environment = Readonly<Record<string, string | undefined>>

const sources: Record<ServiceName, readonly Source[]> = {
  nats: ['env', 'docker', 'path', 'apt', 'release'],
  postgres: ['env', 'docker', 'path', 'npm'],
  redis: ['env', 'docker', 'path', 'apt'],
}

export const urlVariables: Record<ServiceName, string> = {
  nats: 'NATS_URL',
  postgres: 'DATABASE_URL',
  redis: 'REDIS_URL',
}

/** Where to look for a service, in order. A single entry means: this one or fail. */
export function sourceOrder(service: ServiceName, environment: Environment): readonly Source[] {
  const variable = `BOOT_${service.toUpperCase()}`
  const urlVariable = urlVariables[service]
  const forced = environment[variable]
  if (forced !== undefined && forced !== '') {
    const source = sources[service].find((known) => known === forced)
    if (source === undefined) {
      throw new BootFault('bad_option', `${variable}=${forced} is unknown`, `use one of ${sources[service].join(', ')}`)
    }
    if (source === 'env' && !environment[urlVariable]) {
      throw new BootFault('bad_option', `${variable}=env but ${urlVariable} is not set`, `set ${urlVariable}`)
    }
    return [source]
  }
  if (environment[urlVariable]) return ['env']
  if (environment['BOOT'] === 'docker') return ['docker']
  return sources[service].filter((source) => source !== 'env' && source !== 'docker')
}
