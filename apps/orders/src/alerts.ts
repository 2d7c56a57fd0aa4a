import { encodeJson, subjects } from '@contrail/contracts'
import type { Alert, Us } from '@contrail/contracts'
import type { Bus, Clock, Logger } from '@contrail/runtime'

/** Things a person should see. An alert that cannot be published is in the log; it never stops an order. */
export class Alerts {
  readonly #bus: Bus
  readonly #clock: Clock
  readonly #log: Logger

  constructor(bus: Bus, clock: Clock, log: Logger) {
    this.#bus = bus
    this.#clock = clock
    this.#log = log
  }

  send(severity: Alert['severity'], kind: string, text: string, about: Record<string, string>): void {
    this.#log[severity === 'critical' ? 'error' : 'warn']({ kind, ...about }, text)
    const alert: Alert = { schema: 1, severity, kind, source: 'orders', text, about, atUs: this.#clock.nowUs() as Us }
    this.#bus
      .publish(subjects.alert(severity, kind), encodeJson(alert))
      .catch((error: unknown) => this.#log.error({ err: error, kind }, 'the alert could not be published'))
  }
}
