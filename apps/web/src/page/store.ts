import { useSyncExternalStore } from 'react'
import { EMPTY } from './model.ts'
import type { Model, Notice } from './model.ts'

/** Events come faster than eyes: the page is told at most this often. */
const PAINT_MS = 33
const NOTICE_MS = 8_000

let model: Model = EMPTY
let timer: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

export const read = (): Model => model

export function update(step: (model: Model) => Model): void {
  const next = step(model)
  if (next === model) return
  model = next
  timer ??= setTimeout(() => {
    timer = undefined
    for (const listener of listeners) listener()
  }, PAINT_MS)
}

/** Part of the model; the component is drawn again only when that part is another one. */
export function useModel<T>(select: (model: Model) => T): T {
  return useSyncExternalStore(subscribe, () => select(model))
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

let notices = 0
export function notify(tone: Notice['tone'], text: string): void {
  const id = ++notices
  update((now) => ({ ...now, notices: [...now.notices.slice(-3), { id, tone, text }] }))
  setTimeout(() => dismiss(id), NOTICE_MS)
}
export const dismiss = (id: number): void =>
  update((now) => ({ ...now, notices: now.notices.filter((notice) => notice.id !== id) }))
