export type SseEvent = { id?: string; name: string; data: string }
export type SseHandlers = { onEvent: (event: SseEvent) => void; onComment: (text: string) => void }

/** Longest line that is kept; a server that sends more is not ours. */
const LINE_MAX = 4_000_000

/** Server-sent events from chunks of text. Unlike EventSource it shows comments, which carry the heartbeat. */
export function createSseParser({ onEvent, onComment }: SseHandlers): (chunk: string) => void {
  let rest = ''
  let event: { id?: string; name: string; data: string[] } = { name: 'message', data: [] }

  function line(text: string): void {
    if (text === '') {
      if (event.data.length > 0)
        onEvent({ ...(event.id === undefined ? {} : { id: event.id }), name: event.name, data: event.data.join('\n') })
      event = { name: 'message', data: [] }
      return
    }
    if (text.startsWith(':')) return onComment(text.slice(1).trim())
    const colon = text.indexOf(':')
    const field = colon < 0 ? text : text.slice(0, colon)
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') event.data.push(value)
    else if (field === 'event') event.name = value
    else if (field === 'id') event.id = value
  }
  return (chunk) => {
    rest += chunk
    let from = 0
    for (let end = rest.indexOf('\n', from); end >= 0; end = rest.indexOf('\n', from)) {
      line(rest.slice(from, rest[end - 1] === '\r' ? end - 1 : end))
      from = end + 1
    }
    rest = rest.slice(from)
    if (rest.length > LINE_MAX) throw new Error('a line of the stream is too long')
  }
}
