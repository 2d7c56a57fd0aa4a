import { activation } from './activation.ts'
import { decisions } from './decisions.ts'
import type { Figure } from './figure.ts'
import { floor } from './floor.ts'
import { idle } from './idle.ts'
import { indicators } from './indicators.ts'
import { latency } from './latency.ts'
import { memory } from './memory.ts'
import { money } from './money.ts'
import { sustained } from './sustained.ts'

export const FIGURES: readonly Figure[] = [
  latency,
  sustained,
  decisions,
  floor,
  money,
  activation,
  memory,
  idle,
  indicators,
]
