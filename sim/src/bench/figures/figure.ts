import type { Row } from '../report.ts'
import type { World } from '../world.ts'

/** One thing to measure. `tell` shows a row as soon as it is known. */
export type Figure = {
  readonly name: string
  readonly title: string
  run(world: World, tell: (row: Row) => void): Promise<void>
}
