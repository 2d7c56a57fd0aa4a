import type { BadRow, RawEvent } from '../port.ts'

export type FileItem = { readonly item: RawEvent | BadRow; readonly instrument: string }

/** Several files as one, by time; at the same time the file named first goes first. */
export async function* mergeByTime(files: readonly AsyncIterator<FileItem>[]): AsyncGenerator<FileItem> {
  const heads = await Promise.all(files.map(async (file) => await file.next()))
  try {
    for (;;) {
      let chosen = -1
      let chosenUs = Number.POSITIVE_INFINITY
      for (const [i, head] of heads.entries()) {
        const timeUs = head.done ? Number.POSITIVE_INFINITY : timeOf(head.value.item)
        if (timeUs >= chosenUs) continue
        chosen = i
        chosenUs = timeUs
      }
      const head = heads[chosen]
      const file = files[chosen]
      if (!head || head.done || !file) return
      yield head.value
      heads[chosen] = await file.next()
    }
  } finally {
    await Promise.all(files.map(async (file) => await file.return?.()))
  }
}

/** A bad row has no time: it is told at once. */
const timeOf = (item: RawEvent | BadRow): number => (item.kind === 'bad' ? 0 : (item.receiveTimeUs ?? item.venueTimeUs))
