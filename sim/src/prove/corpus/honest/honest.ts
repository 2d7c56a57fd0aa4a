import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ODD } from './odd.ts'

export type Honest = {
  readonly name: string
  readonly file?: string
  readonly source?: string
  readonly parameters?: Record<string, unknown>
}
const root = path.resolve(import.meta.dirname, '../../../../..')
const templateFile = (name: string): string => path.join(root, 'apps/cli/src/templates', `${name}.ts`)
const workedFile = (name: string): string => fileURLToPath(import.meta.resolve(`@contrail/trading/strategies/${name}`))

/** Every template and worked strategy, each as it comes and with other parameters. */
const VARIANTS: readonly [name: string, file: string, parameters: readonly Record<string, unknown>[]][] = [
  ['cross', templateFile('cross'), [{}, { fast: 2, slow: 5 }, { fast: 5, slow: 30 }, { fast: 10, slow: 50 }]],
  [
    'reversion',
    templateFile('reversion'),
    [{}, { period: 5 }, { oversold: 40 }, { stopPercent: 0.2, targetPercent: 1 }],
  ],
  ['grid', templateFile('grid'), [{}, { levels: 1 }, { levels: 10, stepPercent: 0.05 }, { stepPercent: 0.5 }]],
  ['pairs', templateFile('pairs'), [{}, { period: 15 }, { entry: 1, exit: 0 }, { notional: 1000 }]],
  ['market-making', templateFile('market-making'), [{}, { spreadBps: 1 }, { moveBps: 10 }, { holdMax: 0.005 }]],
  ['blank', templateFile('blank'), [{}]],
  ['sma-cross', workedFile('sma-cross'), [{}, { fast: 3, slow: 9 }, { allowShort: true }, { fast: 20, slow: 60 }]],
  ['rsi-reversion', workedFile('rsi-reversion'), [{}, { period: 5 }, { stopPercent: 0.1 }]],
  ['pair-spread', workedFile('pair-spread'), [{}, { period: 20 }, { entry: 1.5, exit: 0.1 }]],
]

export function honestStrategies(): Honest[] {
  const variants = VARIANTS.flatMap(([name, file, sets]) =>
    sets.map((parameters, index) => ({
      name: index === 0 ? name : `${name} ${JSON.stringify(parameters)}`,
      file,
      parameters,
    })),
  )
  return [...variants, ...ODD]
}
