/*
 * Frames of the Postgres protocol: one byte kind, int32 length (itself included), body. Only the first message of a
 * connection has no kind. https://www.postgresql.org/docs/18/protocol-message-formats.html (read 2026-11)
 */
const HEADER_BYTES = 5
const DATA_ROW = 68 // D
const COMMAND_COMPLETE = 67 // C
const EMPTY_QUERY = 73 // I
const ERROR = 69 // E
const READY = 90 // Z
/** The severity as the server means it, in no language. */
const FATAL = /\0V(FATAL|PANIC)\0/

/** I = no transaction, T = in one, E = in one that has failed. */
export type Status = 'I' | 'T' | 'E'

export function frame(kind: string, body: string): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + Buffer.byteLength(body))
  bytes.write(kind)
  bytes.writeInt32BE(bytes.length - 1, 1)
  bytes.write(body, HEADER_BYTES)
  return bytes
}

/** Ends a command whose rows stop short, as the driver wants it before its error. */
export const COMPLETE = frame('C', 'SELECT 0\0')
/** 08006 connection_failure */
export const LOST = frame('E', 'SERROR\0VERROR\0C08006\0Mthe connection was lost\0\0')
export const readyFrame = (status: Status): Buffer => frame('Z', status)

export type BackendView = {
  /** Rows of a command that has not ended. */
  readonly rows: boolean
  /** An error that no READY has followed. */
  readonly error: boolean
  readonly status: Status
  /** The first READY has come: it is logged in. */
  readonly open: boolean
}

/**
 * What the server sends, chunk by chunk, over any borders. An error among rows gets an end of its command before it. A
 * fatal error is kept from the driver, which would give it to the next statement: the connection ends anyway.
 */
export function backendReader(onReady: () => void) {
  const header = Buffer.alloc(HEADER_BYTES + 1)
  let headerBytes = 0
  let bodyBytesLeft = 0
  let held: Buffer[] | undefined
  const view = { rows: false, error: false, status: 'I' as Status, open: false }

  function ended(kind: number, parts: Buffer[]): void {
    if (kind === DATA_ROW) view.rows = true
    if (kind === COMMAND_COMPLETE || kind === EMPTY_QUERY) view.rows = false
    if (kind === ERROR && held) {
      const error = Buffer.concat(held)
      held = undefined
      if (view.open && FATAL.test(error.toString('latin1'))) return
      if (view.rows) parts.push(COMPLETE)
      parts.push(error)
      view.rows = false
      view.error = true
    }
    if (kind !== READY) return
    view.status = String.fromCharCode(header[HEADER_BYTES] as number) as Status
    view.error = false
    view.open = true
    onReady()
  }

  function read(chunk: Buffer): Buffer[] {
    const parts: Buffer[] = []
    let from = 0
    let at = 0
    const keep = (to: number) => {
      if (to > from) (held ?? parts).push(chunk.subarray(from, to))
      from = to
    }
    while (at < chunk.length) {
      if (bodyBytesLeft === 0) {
        if (headerBytes === 0 && chunk[at] === ERROR) {
          keep(at)
          held = []
        }
        header[headerBytes++] = chunk[at++] as number
        // READY has a body of one byte, its status: that is read with the header.
        if (headerBytes < (header[0] === READY ? HEADER_BYTES + 1 : HEADER_BYTES)) continue
        bodyBytesLeft = header.readInt32BE(1) - (headerBytes - 1)
        headerBytes = 0
      }
      const taken = Math.min(bodyBytesLeft, chunk.length - at)
      bodyBytesLeft -= taken
      at += taken
      if (bodyBytesLeft > 0) break
      if (held) keep(at)
      ended(header[0] as number, parts)
    }
    keep(chunk.length)
    return parts
  }

  return { read, view: view as BackendView }
}

const SYNC = 83 // S
const QUERY = 81 // Q
const PARSE = 80 // P
const BIND = 66 // B
const FLUSH = 72 // H

/** A request that READY answers; `ends` = it is the commit or rollback of its transaction. */
export type Request = { readonly ends: boolean }
const ENDS = /^\s*(commit|rollback(?!\s+to)|prepare\s+transaction)\b/i

/**
 * What the driver sends: whole frames in each call, the start-up message first.
 */
export function frontendReader() {
  const endingStatements = new Set<string>()
  let started = false
  let ends = false
  const view = { flushed: false }

  function text(chunk: Buffer, from: number): { value: string; next: number } {
    const end = chunk.indexOf(0, from)
    return { value: chunk.toString('utf8', from, end), next: end + 1 }
  }

  function parse(chunk: Buffer, at: number): void {
    const name = text(chunk, at)
    const query = chunk.toString('utf8', name.next, Math.min(chunk.length, name.next + 40))
    if (!ENDS.test(query)) return
    ends = true
    if (name.value) endingStatements.add(name.value)
  }

  function one(kind: number, chunk: Buffer, at: number): Request | undefined {
    switch (kind) {
      case PARSE:
        parse(chunk, at)
        return undefined
      case BIND:
        ends ||= endingStatements.has(text(chunk, text(chunk, at).next).value)
        return undefined
      case FLUSH:
        view.flushed = true
        return undefined
      case QUERY:
        return { ends: ENDS.test(chunk.toString('utf8', at, Math.min(chunk.length, at + 40))) }
      case SYNC: {
        const request = { ends }
        ends = false
        view.flushed = false
        return request
      }
      default:
        return undefined
    }
  }

  /** The driver may put what it had not yet written to the last connection before the start-up message of this one. */
  function read(chunk: Buffer): { chunk: Buffer; requests: Request[] } {
    const requests: Request[] = []
    let at = 0
    let from = 0
    if (!started) {
      while (chunk[from] !== 0) from += 1 + chunk.readInt32BE(from + 1)
      started = true
      at = from + chunk.readInt32BE(from)
    }
    while (at + HEADER_BYTES <= chunk.length) {
      const request = one(chunk[at] as number, chunk, at + HEADER_BYTES)
      if (request) requests.push(request)
      at += 1 + chunk.readInt32BE(at + 1)
    }
    return { chunk: chunk.subarray(from), requests }
  }

  return { read, view: view as { readonly flushed: boolean } }
}
