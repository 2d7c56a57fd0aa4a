import { encodeJson, orderId as orderIdOf, strategyId, subjects } from '@contrail/contracts'
import type { AccountId, Intent, Manual, OrderId, PlaceIntent, Us } from '@contrail/contracts'
import type { Database } from '@contrail/db'
import type { ServiceContext } from '@contrail/runtime'
import type { Settings } from './config.ts'

/** Manual orders are booked under this name. */
export const MANUAL = strategyId('manual')
type Asked = Omit<PlaceIntent, 'type' | 'orderId' | 'postOnly' | 'reduceOnly'>

/** A person's orders take the way of all others: published first, judged and sent when they come back by the stream. */
export class ManualDesk {
  readonly #database: Database
  readonly #context: ServiceContext
  readonly #settings: Settings
  /** One at a time: numbers must reach the stream in their order. */
  #lane: Promise<unknown> = Promise.resolve()

  constructor(database: Database, context: ServiceContext, settings: Settings) {
    this.#database = database
    this.#context = context
    this.#settings = settings
  }

  place(account: AccountId, by: string, asked: Asked): Promise<{ orderId: OrderId; number: number }> {
    return this.#publish(account, by, (number) => {
      const orderId = orderIdOf(MANUAL, number, 0)
      return { type: 'place', orderId, postOnly: false, reduceOnly: false, ...asked }
    })
  }

  cancel(account: AccountId, by: string, orderId: OrderId): Promise<{ orderId: OrderId; number: number }> {
    return this.#publish(account, by, () => ({ type: 'cancel', orderId }))
  }

  #publish(account: AccountId, by: string, make: (number: number) => Intent) {
    const done = this.#lane.then(async () => {
      const { bus, clock } = this.#context
      const atUs = clock.nowUs() as Us
      const { tenant } = this.#settings
      const [row] = await this.#database.sql<{ number: number }[]>`
        insert into manual_numbers (tenant_id, account, by, at_us) values (${tenant}, ${account}, ${by}, ${atUs})
        returning number`
      const { number } = row as { number: number }
      const intent = make(number)
      const manual: Manual = { schema: 1, tenant, account, strategy: MANUAL, number, by, atUs, intents: [intent] }
      await bus.publish(subjects.manual(account), encodeJson(manual), { messageId: `manual-${tenant}-${number}` })
      return { orderId: intent.orderId, number }
    })
    this.#lane = done.catch(() => undefined)
    return done
  }
}
