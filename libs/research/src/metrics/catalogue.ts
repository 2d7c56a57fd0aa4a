/*
 * Every metric: its name in JSON, its label, how it is shown, and its definition in the default convention.
 * r = daily returns, N = periods a year, p = profit of a closed trade net of costs, E = equity.
 */
export type MetricFormat = 'percent' | 'ratio' | 'money' | 'count' | 'duration' | 'probability'
export type MetricEntry = {
  readonly label: string
  readonly format: MetricFormat
  readonly group: 'return' | 'risk' | 'trades' | 'activity' | 'benchmark' | 'odds'
  readonly definition: string
}
const entry = (group: MetricEntry['group'], format: MetricFormat, label: string, definition: string): MetricEntry => ({
  group,
  format,
  label,
  definition,
})

export const METRICS = {
  startEquity: entry('return', 'money', 'Start equity', 'the starting balance'),
  finalEquity: entry('return', 'money', 'Final equity', 'cash plus positions at their last marks'),
  peakEquity: entry('return', 'money', 'Peak equity', 'highest E'),
  totalReturn: entry('return', 'percent', 'Total return', 'final / start - 1'),
  cagr: entry('return', 'percent', 'CAGR', '(last / first)^(1 / years) - 1, years = elapsed seconds / 31,557,600'),
  annualReturn: entry('return', 'percent', 'Annual return', 'prod(1 + r)^(N / n) - 1'),
  bestDay: entry('return', 'percent', 'Best day', 'max(r)'),
  worstDay: entry('return', 'percent', 'Worst day', 'min(r)'),
  positiveDays: entry('return', 'percent', 'Positive days', 'count(r > 0) / count(r)'),
  stability: entry('return', 'ratio', 'Stability', 'R^2 of a line through the running sum of log returns'),

  sharpe: entry('risk', 'ratio', 'Sharpe', 'mean(r - rf) / sd1(r) x sqrt(N)'),
  sortino: entry('risk', 'ratio', 'Sortino', 'mean(r - rf) / sqrt(sum(min(r - rf, 0)^2) / n) x sqrt(N)'),
  calmar: entry('risk', 'ratio', 'Calmar', 'CAGR / abs(max drawdown)'),
  omega: entry('risk', 'ratio', 'Omega', 'sum(r > rf) / abs(sum(r < rf)), both as excess'),
  volatility: entry('risk', 'percent', 'Volatility', 'sd1(r) x sqrt(N)'),
  maxDrawdown: entry('risk', 'percent', 'Max drawdown', 'min over t of E_t / max(E_0..t) - 1'),
  averageDrawdown: entry('risk', 'percent', 'Average drawdown', 'mean depth of all drawdowns'),
  maxDrawdownDurationUs: entry('risk', 'duration', 'Longest drawdown', 'peak to recovery, or to the end'),
  averageDrawdownDurationUs: entry('risk', 'duration', 'Average drawdown length', 'mean of peak to recovery'),
  recoveryUs: entry('risk', 'duration', 'Recovery', 'trough of the deepest drawdown to a new peak'),
  timeUnderWater: entry('risk', 'percent', 'Time under water', 'share of time below a peak'),
  ulcer: entry('risk', 'percent', 'Ulcer index', 'sqrt(mean((E_t / max(E_0..t) - 1)^2)), daily'),
  skew: entry('risk', 'ratio', 'Skew', 'adjusted Fisher-Pearson of r'),
  kurtosis: entry('risk', 'ratio', 'Kurtosis', 'excess, bias-corrected, of r'),
  valueAtRisk95: entry('risk', 'percent', 'VaR 95', '5 % quantile of r'),
  valueAtRisk99: entry('risk', 'percent', 'VaR 99', '1 % quantile of r'),
  conditionalValueAtRisk95: entry('risk', 'percent', 'CVaR 95', 'mean of r at or below VaR 95'),
  conditionalValueAtRisk99: entry('risk', 'percent', 'CVaR 99', 'mean of r at or below VaR 99'),
  tailRatio: entry('risk', 'ratio', 'Tail ratio', 'abs(95 % quantile) / abs(5 % quantile) of r'),

  tradeCount: entry('trades', 'count', 'Trades', 'closed trades'),
  winRate: entry('trades', 'percent', 'Win rate', 'count(p > 0) / count(p)'),
  profitFactor: entry('trades', 'ratio', 'Profit factor', 'sum(p > 0) / abs(sum(p < 0))'),
  expectancy: entry('trades', 'money', 'Expectancy', 'mean(p)'),
  expectancyR: entry('trades', 'ratio', 'Expectancy (R)', 'mean(p) / mean(abs(p < 0))'),
  sqn: entry('trades', 'ratio', 'SQN', 'sqrt(count) x mean(p) / sd1(p)'),
  kelly: entry('trades', 'percent', 'Kelly', 'w - (1 - w) / (mean win / mean loss)'),
  averageTradeReturn: entry('trades', 'percent', 'Average trade', 'mean(p / entry notional)'),
  bestTradeReturn: entry('trades', 'percent', 'Best trade', 'max(p / entry notional)'),
  worstTradeReturn: entry('trades', 'percent', 'Worst trade', 'min(p / entry notional)'),
  averageWin: entry('trades', 'money', 'Average win', 'mean(p > 0)'),
  averageLoss: entry('trades', 'money', 'Average loss', 'mean(p < 0)'),
  longestWinStreak: entry('trades', 'count', 'Wins in a row', 'longest run of p > 0'),
  longestLossStreak: entry('trades', 'count', 'Losses in a row', 'longest run of p < 0'),
  averageTradeDurationUs: entry('trades', 'duration', 'Average time in trade', 'mean(exit - entry)'),
  maxTradeDurationUs: entry('trades', 'duration', 'Longest trade', 'max(exit - entry)'),
  averageMae: entry('trades', 'percent', 'Average MAE', 'mean of the worst unrealised result / entry notional'),
  averageMfe: entry('trades', 'percent', 'Average MFE', 'mean of the best unrealised result / entry notional'),
  worstMae: entry('trades', 'percent', 'Worst MAE', 'min of the worst unrealised result / entry notional'),

  exposureTime: entry('activity', 'percent', 'Exposure', 'share of time with a position'),
  averageExposure: entry('activity', 'ratio', 'Average exposure', 'mean(abs(notional held) / E)'),
  turnover: entry('activity', 'ratio', 'Turnover a year', 'traded notional / mean E / years'),

  benchmarkReturn: entry('benchmark', 'percent', 'Buy and hold', 'last / first price - 1 after warm-up'),
  alpha: entry('benchmark', 'percent', 'Alpha', '(mean(r - rf) - beta x mean(b - rf)) x N; b = buy and hold'),
  beta: entry('benchmark', 'ratio', 'Beta', 'cov(r, b) / var(b)'),
  informationRatio: entry('benchmark', 'ratio', 'Information ratio', 'mean(r - b) / sd1(r - b) x sqrt(N)'),

  probabilisticSharpe: entry(
    'odds',
    'probability',
    'Probabilistic Sharpe',
    'P(true Sharpe > 0), by length, skew, tails',
  ),
  deflatedSharpe: entry('odds', 'probability', 'Deflated Sharpe', 'P(true Sharpe > best of as many trials by luck)'),
} as const satisfies Record<string, MetricEntry>

export type MetricName = keyof typeof METRICS
/** Ratios are plain (0.05 = 5 %), money is in quote, durations in microseconds. Undefined is null. */
export type Metrics = Readonly<Record<MetricName, number | null>>
export const METRIC_NAMES = Object.keys(METRICS) as MetricName[]

/** LEAN's expectancy is a ratio. */
export const metricFormat = (name: MetricName, convention: string): MetricFormat =>
  name === 'expectancy' && convention === 'lean' ? 'ratio' : METRICS[name].format
