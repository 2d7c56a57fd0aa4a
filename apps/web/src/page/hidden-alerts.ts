import type { AlertView } from '@contrail/contracts'
import { alertKey } from './model.ts'
import { ALERTS_MAX } from './reduce.ts'
import { read, update } from './store.ts'

const PLACE = 'contrail.alerts.hidden'

/** Hidden in this browser only: the alert itself stays for everybody else. */
export function hide(alerts: readonly AlertView[]): void {
  // The newest keys come last; older ones than a list can hold are not shown anyway.
  const keys = [...read().hidden, ...alerts.map(alertKey)].slice(-2 * ALERTS_MAX)
  update((model) => ({ ...model, hidden: new Set(keys) }))
  try {
    localStorage.setItem(PLACE, JSON.stringify(keys))
  } catch {
    // A browser that keeps nothing: hidden until the page is left.
  }
}

export function rememberHidden(): void {
  try {
    const keys = JSON.parse(localStorage.getItem(PLACE) ?? '[]') as unknown
    if (Array.isArray(keys)) update((model) => ({ ...model, hidden: new Set(keys.map(String)) }))
  } catch {
    // Nothing is kept, or nothing that we wrote: all are shown.
  }
}
