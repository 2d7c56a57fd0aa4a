import { natsUsers, rules } from './permissions.ts'
import type { NatsUser } from './permissions.ts'

export type ServerConfigInput = {
  readonly storeDir: string
  readonly port: number
  readonly monitorPort: number
  readonly passwords: Record<NatsUser, string> | Record<string, string>
}

/**
 * The server that holds money: every acknowledged message is flushed before its ack. Loopback only; a user per service
 * with the permissions of permissions.ts; nobody without a password.
 */
export function serverConfig({ storeDir, port, monitorPort, passwords }: ServerConfigInput): string {
  const users = natsUsers.map((user) => {
    const password = (passwords as Record<string, string | undefined>)[user]
    if (!password) throw new Error(`no password for the bus user ${user}`)
    const { publish, subscribe } = rules(user)
    return `    { user: ${user}, password: ${JSON.stringify(password)}, permissions: {
      publish: { allow: ${JSON.stringify(publish)} }
      subscribe: { allow: ${JSON.stringify(subscribe)} } } }`
  })
  return `server_name: contrail
host: 127.0.0.1
port: ${port}
http: "127.0.0.1:${monitorPort}"
max_payload: 8MB
jetstream {
  store_dir: ${JSON.stringify(storeDir)}
  sync_interval: always
  max_mem: 2GB
  max_file: 40GB
}
authorization {
  users: [
${users.join('\n')}
  ]
}
`
}
