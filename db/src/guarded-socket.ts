import net from 'node:net'

/*
 * postgres.js 3.4.9 keeps its count of rows when a statement fails half-way, and the next result on that connection
 * begins with as many holes (porsager/postgres#1222). Only the end of a command sets the count back. So the guard reads
 * the frames of the protocol and says "command complete" before such an error; the statement then fails with its own
 * error and the connection is as good as before. Do not use cursors: for those the driver would ask for one sync too
 * many. Frames: one byte kind, int32 length (itself included), body.
 */
const HEADER_BYTES = 5
const DATA_ROW = 68 // D
const COMMAND_COMPLETE = 67 // C
const EMPTY_QUERY = 73 // I
const ERROR = 69 // E
const COMPLETE = Buffer.from([COMMAND_COMPLETE, 0, 0, 0, 13, ...Buffer.from('SELECT 0\0')])

type Listener = (...values: never[]) => void

export function guardedSocket(options: { host: string | string[]; port: number | number[] }, timeoutMs: number) {
  return new Promise<net.Socket>((resolve, reject) => {
    const [host] = [options.host].flat()
    const [port] = [options.port].flat()
    const socket = net.connect({ host: host ?? '127.0.0.1', port: port ?? 5432, timeout: timeoutMs })
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.once('timeout', () => socket.destroy(new Error(`no connection to ${host}:${port} in ${timeoutMs} ms`)))
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.removeListener('error', reject)
      guard(socket)
      resolve(socket)
    })
  })
}

/** Stands between the socket and the driver's reader of it. */
function guard(socket: net.Socket): void {
  const original = socket.on.bind(socket) as (event: string, listener: Listener) => net.Socket
  const remove = socket.removeListener.bind(socket) as (event: string, listener: Listener) => net.Socket
  const wrapped = new Map<Listener, Listener>()
  const on = (event: string, listener: Listener): net.Socket => {
    if (event !== 'data') return original(event, listener)
    const repair = frameRepair()
    const read = (chunk: Buffer) => {
      for (const part of repair(chunk)) (listener as unknown as (part: Buffer) => void)(part)
    }
    wrapped.set(listener, read as unknown as Listener)
    return original(event, read as unknown as Listener)
  }
  socket.on = on as typeof socket.on
  socket.removeListener = ((event: string, listener: Listener) =>
    remove(event, wrapped.get(listener) ?? listener)) as typeof socket.removeListener
}

/** Follows frames over chunk borders, and ends a command whose rows an error cuts short. */
export function frameRepair(): (chunk: Buffer) => Buffer[] {
  const header = Buffer.alloc(HEADER_BYTES)
  let headerBytes = 0
  let bodyBytesLeft = 0
  let rows = false

  return (chunk) => {
    const parts: Buffer[] = []
    let from = 0
    let at = 0
    while (at < chunk.length) {
      if (bodyBytesLeft > 0) {
        const skipped = Math.min(bodyBytesLeft, chunk.length - at)
        bodyBytesLeft -= skipped
        at += skipped
        continue
      }
      const kind = chunk[at] as number
      if (headerBytes === 0 && kind === ERROR && rows) {
        if (at > from) parts.push(chunk.subarray(from, at))
        parts.push(COMPLETE)
        from = at
      }
      if (headerBytes === 0)
        rows = kind === DATA_ROW || (rows && kind !== COMMAND_COMPLETE && kind !== EMPTY_QUERY && kind !== ERROR)
      header[headerBytes++] = chunk[at++] as number
      if (headerBytes < HEADER_BYTES) continue
      bodyBytesLeft = header.readInt32BE(1) - 4
      headerBytes = 0
    }
    if (from < chunk.length) parts.push(chunk.subarray(from))
    return parts
  }
}
