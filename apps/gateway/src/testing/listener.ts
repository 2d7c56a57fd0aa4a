import { until } from '@contrail/runtime/testing'

export type Heard = { id: string | undefined; name: string; data: Record<string, unknown> }
export type Listener = {
  readonly events: Heard[]
  readonly comments: string[]
  readonly lastId: () => string | undefined
  wait(what: string, found: (events: Heard[]) => boolean): Promise<void>
  /** Resolves when the server ended the stream. */
  readonly ended: Promise<void>
  close(): void
}

/** A reader of /v1/stream that keeps all it hears. */
export async function listen(url: string, headers: Record<string, string>): Promise<Listener> {
  const abort = new AbortController()
  const response = await fetch(url, { headers, signal: abort.signal })
  if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`)
  const events: Heard[] = []
  const comments: string[] = []
  let lastId: string | undefined
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  async function run(): Promise<void> {
    let rest = ''
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      const frames = (rest + value).split('\n\n')
      rest = frames.pop() as string
      for (const frame of frames) {
        if (frame.startsWith(':')) comments.push(frame.slice(2))
        const fields = Object.fromEntries([...frame.matchAll(/^(\w+): (.*)$/gm)].map((match) => [match[1], match[2]]))
        if (!fields['data']) continue
        lastId = fields['id'] ?? lastId
        const data = JSON.parse(fields['data']) as Record<string, unknown>
        events.push({ id: fields['id'], name: fields['event'] as string, data })
      }
    }
  }
  const ended = run().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error
  })
  return {
    events,
    comments,
    lastId: () => lastId,
    wait: (what, found) => until(what, () => found(events)),
    ended,
    close: () => abort.abort(),
  }
}
