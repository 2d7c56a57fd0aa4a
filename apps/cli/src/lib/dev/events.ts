import { strategyEventSchema } from '@contrail/contracts'
import type { StrategyEvent } from '@contrail/contracts'
import { gatewayUrl, token } from '../home.ts'

/** Pause before the stream is asked for again after it broke, ms. */
const RETRY_MS = 500

/** What the engine says of one strategy, as it says it. Ends with the signal. */
export async function followEvents(
  strategy: string,
  signal: AbortSignal,
  onEvent: (event: StrategyEvent) => void,
): Promise<void> {
  let lastEventId: string | undefined
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = { authorization: `Bearer ${token()}` }
      if (lastEventId !== undefined) headers['last-event-id'] = lastEventId
      const answer = await fetch(`${gatewayUrl()}/v1/stream?topics=strategies`, { headers, signal })
      if (!answer.body) throw new Error(`the stream answers ${answer.status}`)
      for await (const { id, name, data } of serverSentEvents(answer.body)) {
        lastEventId = id ?? lastEventId
        const event = name === 'strategy' ? strategyEventSchema.safeParse(JSON.parse(data)).data : undefined
        if (event?.strategy === strategy) onEvent(event)
      }
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof Error)) throw error
    }
    // The platform restarts, or is gone: a deploy says which.
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}

type Sent = { id: string | undefined; name: string; data: string }

async function* serverSentEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<Sent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    const blocks = rest.split('\n\n')
    rest = blocks.pop() as string
    for (const block of blocks) {
      const field = (name: string) =>
        block
          .split('\n')
          .find((line) => line.startsWith(`${name}:`))
          ?.slice(name.length + 1)
          .trim()
      yield { id: field('id'), name: field('event') ?? '', data: field('data') ?? '' }
    }
  }
}
