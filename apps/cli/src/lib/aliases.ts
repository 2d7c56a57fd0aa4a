/** What other systems call it, and America. The words that stand for it here. */
export const ALIASES: Readonly<Record<string, readonly string[]>> = {
  backtesting: ['backtest'],
  'backtesting-show': ['runs', 'show'],
  'download-data': ['data', 'download'],
  hyperopt: ['optimise'],
  'list-data': ['data', 'list'],
  'lookahead-analysis': ['check'],
  'new-strategy': ['new', 'strategy'],
  optimize: ['optimise'],
  'recursive-analysis': ['check'],
  results: ['runs'],
  trade: ['start'],
}
