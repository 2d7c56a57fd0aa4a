import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type TestNats = {
  readonly url: string
  readonly monitorUrl: string
  readonly port: number
  readonly monitorPort: number
  readonly storeDir: string
  /** As if the power of the process were cut. */
  kill9(): void
  /** The same port, the same store. Resolves when it answers again. */
  restart(): Promise<void>
  stop(): Promise<void>
}
export type TestNatsOptions = {
  /** Text of a configuration, or a function of the ports and the store. */
  config?: string | ((where: { port: number; monitorPort: number; storeDir: string }) => string)
}

const READY_MS = 15_000

/** A nats-server of one's own: own store, own ports, gone at the end. */
export async function startTestNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const binary = process.env['CONTRAIL_NATS_BINARY'] ?? 'nats-server'
  const directory = await mkdtemp(join(tmpdir(), 'contrail-nats-'))
  const [port, monitorPort] = await twoFreePorts()
  const storeDir = join(directory, 'store')
  const where = { port, monitorPort, storeDir }
  const text = typeof options.config === 'function' ? options.config(where) : (options.config ?? '')
  const file = join(directory, 'server.conf')
  await writeFile(file, `${text}\n${ownLines(text, where)}`)
  let child = await run(binary, file, port)
  return {
    ...where,
    url: `nats://127.0.0.1:${port}`,
    monitorUrl: `http://127.0.0.1:${monitorPort}`,
    kill9: () => void child.kill('SIGKILL'),
    async restart() {
      await ended(child, 'SIGKILL')
      child = await run(binary, file, port)
    },
    async stop() {
      await ended(child, 'SIGKILL')
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** What the given text does not say itself. */
function ownLines(text: string, where: { port: number; monitorPort: number; storeDir: string }): string {
  const lines = [
    /^\s*(port|listen)\s*[:=]/m.test(text) ? '' : `listen: "127.0.0.1:${where.port}"`,
    /^\s*http\s*[:=]/m.test(text) ? '' : `http: "127.0.0.1:${where.monitorPort}"`,
    /^\s*jetstream\b/m.test(text) ? '' : `jetstream { store_dir: ${JSON.stringify(where.storeDir)} }`,
  ]
  return lines.join('\n')
}

async function run(binary: string, file: string, port: number): Promise<ChildProcess> {
  const child = spawn(binary, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  // A test that dies leaves no server behind.
  const reap = () => void child.kill('SIGKILL')
  process.once('exit', reap)
  child.once('exit', () => process.off('exit', reap))
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)))
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (cause) =>
      reject(new Error('nats-server does not start: set CONTRAIL_NATS_BINARY or put nats-server on PATH', { cause })),
    )
    child.once('exit', (code) => reject(new Error(`nats-server ended with ${code}:\n${said}`)))
  })
  failed.catch(() => undefined)
  await Promise.race([answers(port), failed])
  return child
}

async function answers(port: number): Promise<void> {
  const deadline = performance.now() + READY_MS
  while (performance.now() < deadline) {
    const socket = connect(port, '127.0.0.1')
    try {
      // The server greets with INFO once it is ready, JetStream included.
      await once(socket, 'data', { signal: AbortSignal.timeout(1000) })
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    } finally {
      socket.destroy()
    }
  }
  throw new Error(`nats-server gave no answer on port ${port} in ${READY_MS} ms`)
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}

/** Both are held at once: a port that was let go may be handed out again. */
async function twoFreePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const
  const ports: number[] = []
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ports.push((server.address() as AddressInfo).port)
  }
  for (const server of servers) {
    server.close()
    await once(server, 'close')
  }
  return ports as [number, number]
}
