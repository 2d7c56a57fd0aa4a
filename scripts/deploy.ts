// What compose.yaml needs done once: secrets, the NATS server's configuration, databases and streams.
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { DB_ROLES, migrate } from '@contrail/db'
import { applyStreams, keepStreams, natsUsers, serverConfig } from '@contrail/nats'

const usage = 'usage: deploy.ts secrets | nats-config FILE | prepare | keep'
const secret = (): string => randomBytes(24).toString('base64url')
const natsVariable = (user: string): string => `NATS_PASSWORD_${user.toUpperCase().replaceAll('-', '_')}`
const roleVariable = (role: string): string => `DB_PASSWORD_${role.toUpperCase()}`

function printSecrets(): void {
  const token = secret()
  const names = ['POSTGRES_PASSWORD', 'REDIS_PASSWORD', 'INTERNAL_TOKEN']
  const variables = [...names, ...natsUsers.map(natsVariable), ...DB_ROLES.map(roleVariable)]
  for (const variable of variables) console.log(`${variable}=${secret()}`)
  console.log(`GATEWAY_TOKEN_SHA256=${createHash('sha256').update(token).digest('hex')}`)
  // The token itself is kept nowhere: to the terminal, not into the file.
  console.error(`Your token for the gateway, shown only now: ${token}`)
}

function needed(variable: string): string {
  const value = process.env[variable]
  if (value) return value
  console.error(`${variable} is not set; make .env with: node scripts/boot.mjs exec scripts/deploy.ts secrets > .env`)
  process.exit(1)
}

const passwordsOf = <Name extends string>(names: readonly Name[], variable: (name: Name) => string) =>
  Object.fromEntries(names.map((name) => [name, needed(variable(name))])) as Record<Name, string>

function writeNatsConfig(file: string): void {
  const passwords = passwordsOf(natsUsers, natsVariable)
  const text = serverConfig({ storeDir: '/data', port: 4222, monitorPort: 8222, passwords })
  // Loopback inside a container is nobody's; compose.yaml publishes the port on the machine's own loopback only.
  const open = text.replace(/^host: .*$/m, 'host: 0.0.0.0')
  if (open === text) throw new Error('the server configuration names no host to open')
  writeFileSync(file, open, { mode: 0o600 })
}

function operatorUrl(): string {
  const bus = new URL(needed('NATS_URL'))
  bus.username = 'operator'
  bus.password = needed(natsVariable('operator'))
  return bus.href.replace(/\/$/, '')
}

async function prepare(): Promise<void> {
  const adminUrl = needed('POSTGRES_URL')
  await Promise.all([
    migrate({ adminUrl, passwords: passwordsOf(DB_ROLES, roleVariable) }),
    applyStreams(operatorUrl()),
  ])
  console.log('databases and streams are up to date')
}

const [verb, file] = process.argv.slice(2)
if (verb === 'secrets') printSecrets()
else if (verb === 'nats-config' && file !== undefined) writeNatsConfig(file)
else if (verb === 'prepare') await prepare()
// Streams in memory are gone when the server restarts: somebody must make them anew.
else if (verb === 'keep') await keepStreams(operatorUrl(), { onError: (error) => console.error(error) })
else {
  console.error(usage)
  process.exit(2)
}
