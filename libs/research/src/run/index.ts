/* What one run takes, without the rest of the house: a command that makes a run begins sooner. */
export { metricFormat, METRICS } from '../metrics/catalogue.ts'
export type { MetricName } from '../metrics/catalogue.ts'
export { CONVENTIONS } from '../metrics/types.ts'
export { showMetric } from '../report/format.ts'
export { performRun } from './perform.ts'
export { runsDirectory } from './directory.ts'
