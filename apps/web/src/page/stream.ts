import { createSseParser } from './sse.ts'
import type { SseEvent } from './sse.ts'

export type Phase = 'connecting' | 'live' | 'stale' | 'offline' | 'signed_out'
export type StreamHandlers = {
  onEvent: (name: string, data: unknown) => void
  onPhase: (phase: Phase) => void
  /** Something arrived; with the server's time when it says so. */
  onBeat: (serverUs: number | undefined) => void
}

/** Two missed heartbeats of two seconds, and some slack. */
export const STALE_MS = 4_500
/** A connection that is silent this long is dead, whatever TCP believes. */
const DEAD_MS = 9_000
const RETRY_MS = [250, 500, 1000, 2000, 4000]

/** Keeps one stream open for ever. Goes on from the last event it saw: nothing is missed, nothing comes twice. */
export function openStream(url: string, handlers: StreamHandlers): { stop(): void } {
  let stopped = false
  let lastId: string | undefined
  let failures = 0
  let lastByteMs = performance.now()
  let abort = new AbortController()
  let phase = undefined as Phase | undefined

  const ended = () => phase === 'signed_out'
  const enter = (next: Phase) => {
    if (phase === next || ended()) return
    phase = next
    handlers.onPhase(next)
  }
  const parse = (): ((chunk: string) => void) =>
    createSseParser({
      onEvent(event: SseEvent) {
        if (event.id !== undefined) lastId = event.id
        handlers.onEvent(event.name, JSON.parse(event.data))
      },
      onComment(text) {
        const beat = /^heartbeat (\d+)$/.exec(text)
        handlers.onBeat(beat ? Number(beat[1]) : undefined)
      },
    })

  async function once(): Promise<void> {
    abort = new AbortController()
    const headers: Record<string, string> = { accept: 'text/event-stream' }
    if (lastId !== undefined) headers['last-event-id'] = lastId
    const response = await fetch(url, { headers, signal: abort.signal, cache: 'no-store' })
    if (response.status === 401) return enter('signed_out')
    if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`)
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    const feed = parse()
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      failures = 0
      lastByteMs = performance.now()
      enter('live')
      feed(value)
    }
  }
  async function forever(): Promise<void> {
    while (!stopped && !ended()) {
      lastByteMs = performance.now()
      try {
        await once()
      } catch {
        // the phase below says it, and the loop mends it
      }
      if (stopped || ended()) return
      enter(phase === undefined ? 'connecting' : 'offline')
      const wait = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)] as number
      await new Promise((resolve) => setTimeout(resolve, wait * (0.75 + Math.random() / 2)))
    }
  }
  const watchdog = setInterval(() => {
    const silentMs = performance.now() - lastByteMs
    if (phase === 'live' && silentMs > STALE_MS) enter('stale')
    if (silentMs > DEAD_MS) abort.abort()
  }, 500)
  enter('connecting')
  void forever()
  return {
    stop() {
      stopped = true
      clearInterval(watchdog)
      abort.abort()
    },
  }
}
