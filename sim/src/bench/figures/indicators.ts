import { benchIndicators } from '../indicators.ts'
import { atLeast } from '../stats.ts'
import type { Figure } from './figure.ts'

/** Targets: design/performance.md, row 8. */
const EACH = atLeast(20)
const MEAN = atLeast(60)

/** Needs no server: both take the same prices in this process, by turns. */
export const indicators: Figure = {
  name: 'indicators',
  title: 'streaming indicators: nanoseconds per update, ours and nextValue of technicalindicators',
  run(world, tell) {
    const { calibrationNs, results, geometricMean } = benchIndicators()
    world.say(`a bare loop over the same column takes ${calibrationNs.toFixed(2)} ns per value`)
    for (const { name, ownNs, libraryNs, ratio } of results)
      if (libraryNs === undefined || ratio === undefined)
        tell({ figure: 'i', what: `${name}, not in technicalindicators`, value: ownNs, unit: 'ns' })
      else
        tell({
          figure: 'i',
          what: `${name}, times technicalindicators`,
          value: ratio,
          unit: 'x',
          target: EACH,
          ours: ownNs,
          bare: libraryNs,
          absoluteUnit: 'ns',
        })
    tell({ figure: 'i', what: 'geometric mean of these', value: geometricMean, unit: 'x', target: MEAN })
    return Promise.resolve()
  },
}
