import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { BootFault } from '../services/faults.ts'

/** Made at the first start, kept in the data folder, readable by its owner alone. Nothing has a default. */
export type Secrets = {
  readonly postgres: string
  readonly roles: Record<string, string>
  readonly nats: Record<string, string>
  readonly internal: string
  readonly adminTokenSha256: string
}

const secret = (): string => randomBytes(24).toString('base64url')
export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex')

/** `firstToken` is set only when the token was made by this very call: it is shown once. */
export function loadSecrets(
  home: string,
  roles: readonly string[],
  users: readonly string[],
): { secrets: Secrets; firstToken: string | undefined } {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const file = path.join(home, 'secrets.json')
  const found = existsSync(file) ? parsed(file, readFileSync(file, 'utf8')) : {}
  const firstToken = found.adminTokenSha256 ? undefined : randomBytes(32).toString('base64url')
  const secrets: Secrets = {
    postgres: found.postgres ?? secret(),
    roles: filled(found.roles, roles),
    nats: filled(found.nats, users),
    internal: found.internal ?? secret(),
    adminTokenSha256: found.adminTokenSha256 ?? sha256Of(firstToken as string),
  }
  // The token first: what the secrets hold of it is its hash, and nobody could make it again.
  if (firstToken) writeWhole(tokenFile(home), firstToken)
  writeWhole(file, JSON.stringify(secrets, null, 2))
  return { secrets, firstToken }
}

function parsed(file: string, text: string): Partial<Secrets> {
  try {
    return JSON.parse(text) as Partial<Secrets>
  } catch (cause) {
    const mend = 'put a copy of it back, or begin without the data: npm start -- --fresh'
    throw new BootFault('corrupt_data', `${file} is damaged: it holds the passwords of this data`, mend, cause)
  }
}

/** A start that ends in the middle, or on a full disk, leaves the file as it was. */
function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true })
  renameSync(`${file}.new`, file)
}

/** The CLI of the same user on the same machine reads its token here. */
export const tokenFile = (home: string): string => path.join(home, 'admin-token')

function filled(found: Record<string, string> | undefined, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, found?.[name] ?? secret()]))
}
