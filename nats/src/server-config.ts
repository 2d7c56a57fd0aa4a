import { natsUsers, permissionsOf } from './permissions.ts'
import type { NatsUser } from './permissions.ts'

export type ServerOptions = {
  storeDir: string
  port: number
  monitorPort: number
  passwords: Readonly<Record<NatsUser, string>>
  /** Loopback unless the deployment says otherwise (a container listens on all of its own addresses). */
  host?: string
  monitorHost?: string
  memoryBytesMax?: number
  fileBytesMax?: number
}

const LOOPBACK = '127.0.0.1'
const MEBI = 1024 * 1024

/**
 * The text of nats-server's configuration. `sync_interval: always`: an acknowledged message is on the disk. Without it
 * the server flushes every two minutes and a power cut loses what it had acknowledged.
 */
export function serverConfig(options: ServerOptions): string {
  const { host = LOOPBACK, monitorHost = LOOPBACK, storeDir, port, monitorPort } = options
  return `# Made by nats/src/server-config.ts. Users and their rights: nats/src/permissions.ts
server_name: contrail
listen: ${text(`${host}:${port}`)}
http: ${text(`${monitorHost}:${monitorPort}`)}
max_payload: ${MEBI}
max_pending: ${64 * MEBI}
write_deadline: "10s"
jetstream {
  store_dir: ${text(storeDir)}
  sync_interval: always
  max_memory_store: ${options.memoryBytesMax ?? 512 * MEBI}
  max_file_store: ${options.fileBytesMax ?? 12_288 * MEBI}
}
authorization {
  users: [
${natsUsers.map((user) => userText(user, options.passwords[user])).join('\n')}
  ]
}
`
}

function userText(user: NatsUser, password: string): string {
  const { publish, subscribe } = permissionsOf(user)
  const deny = publish.deny ? `, deny: ${list(publish.deny)}` : ''
  return `    {
      user: ${text(user)}, password: ${text(password)}
      permissions {
        publish: { allow: ${list(publish.allow)}${deny} }
        subscribe: { allow: ${list(subscribe.allow)} }
      }
    }`
}

const text = (value: string): string => JSON.stringify(value)
const list = (values: readonly string[]): string =>
  `[\n${values.map((value) => `          ${text(value)}`).join('\n')}\n        ]`
