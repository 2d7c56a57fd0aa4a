import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Prometheus metrics of one service. Asking twice for one name gives the same metric. */
export type Metrics = {
  counter(name: string, help: string, labels?: readonly string[]): Counter
  gauge(name: string, help: string, labels?: readonly string[]): Gauge
  histogram(name: string, help: string, labels?: readonly string[], buckets?: readonly number[]): Histogram
  text(): Promise<string>
  readonly contentType: string
}

/** Seconds: from a tenth of a millisecond to ten seconds. */
const SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createMetrics(prefix = 'contrail', options: { process?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (options.process) collectDefaultMetrics({ register: registry })
  const full = (name: string) => (name.startsWith(`${prefix}_`) ? name : `${prefix}_${name}`)
  const once = <T>(name: string, make: (name: string) => T): T =>
    (registry.getSingleMetric(full(name)) as T | undefined) ?? make(full(name))
  const common = (name: string, help: string, labels: readonly string[] = []) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  })
  return {
    counter: (name, help, labels) => once(name, (key) => new Counter(common(key, help, labels))),
    gauge: (name, help, labels) => once(name, (key) => new Gauge(common(key, help, labels))),
    histogram: (name, help, labels, buckets = SECONDS) =>
      once(name, (key) => new Histogram({ ...common(key, help, labels), buckets: [...buckets] })),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
