import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 bits: cannot be guessed, so no password rules and no slow hash are needed. */
const TOKEN_BYTES = 32

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The token is shown once; what is kept is its hash. */
export function newToken(): { token: string; sha256: string } {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  return { token, sha256: sha256Hex(token) }
}

/** Hashes first, so that both sides have one length and the comparison tells nothing by its duration. */
export function tokenMatches(token: string, sha256: string): boolean {
  return timingSafeEqual(Buffer.from(sha256Hex(token), 'hex'), Buffer.from(sha256, 'hex'))
}

/** `Bearer <token>`, or nothing. Any other scheme is not an attempt of ours. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer ([\w.~+/=-]{1,512})$/i.exec(header ?? '')?.[1]
}
