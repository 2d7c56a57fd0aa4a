import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createMetrics } from '@contrail/runtime'
import { expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')

type Registered = { readonly kind: string; readonly labels: readonly string[] }

/** What the services register, from their source: `metrics.counter('name', 'help', ['label'])`. */
function registered(): Map<string, Registered> {
  const found = new Map<string, Registered>()
  const sources = ['apps', 'libs'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\/src\/.*\.ts$/.test(file) && !/\.test\.ts$|\/testing|node_modules/.test(file))
      .map((file) => read(path.join(folder, file))),
  )
  const call = /metrics\.(counter|gauge|histogram)\(\s*'([a-z_]+)',\s*'[^']*',?\s*(?:\[([^\]]*)\])?/g
  for (const [, kind = '', name = '', labels = ''] of sources.join('\n').matchAll(call))
    found.set(`contrail_${name}`, { kind, labels: [...labels.matchAll(/'(\w+)'/g)].map((match) => match[1] as string) })
  return found
}

/** Of the NATS exporter (`-jsz=all`), read in its README and release notes, November 2026. */
const OF_EXPORTER = ['jetstream_consumer_num_pending', 'jetstream_stream_last_seq']
const ADDED_BY_PROMETHEUS = ['job', 'instance', 'le', 'stream_name', 'consumer_name']
const NAMES = /\b(contrail|jetstream|process|nodejs)_[a-z0-9_]+/g

type Alert = { name: string; expression: string; severity: string; summary: string; runbook: string }

/** The plain subset of YAML that these files are written in: maps, lists of maps, quoted values, `>-` blocks. */
function alerts(): Alert[] {
  return read('ops/prometheus/alerts.yml')
    .split(/^ {6}- alert: /m)
    .slice(1)
    .map((block) => {
      const field = (name: string) =>
        new RegExp(`^ +${name}: (.+)$`, 'm').exec(block)?.[1]?.replace(/^'(.*)'$/, '$1') ?? ''
      const folded = /expr: >-\n((?: {10}.+\n)+)/.exec(block)?.[1]?.replace(/\s+/g, ' ').trim()
      return {
        name: block.slice(0, block.indexOf('\n')),
        expression: folded ?? field('expr'),
        severity: field('severity'),
        summary: field('summary'),
        runbook: field('runbook'),
      }
    })
}

type Panel = { id: number; type: string; title: string; targets?: { expr: string }[] }
const dashboard = () => JSON.parse(read('ops/grafana/contrail.json')) as { uid: string; panels: Panel[] }
const expressions = (): string[] => [
  ...alerts().map(({ expression }) => expression),
  ...dashboard().panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
]

test('every metric of an alert or a panel is registered in the code', async () => {
  const ours = registered()
  const ofProcess = await createMetrics('contrail', { process: true }).text()
  expect(ours.size).toBeGreaterThan(20)
  const names = new Set(expressions().flatMap((text) => text.match(NAMES) ?? []))
  expect(names.size).toBeGreaterThan(20)
  const unknown = [...names].filter((name) => {
    const base = name.replace(/_(bucket|count|sum)$/, '')
    if (name.startsWith('contrail_')) return !(ours.has(name) || ours.get(base)?.kind === 'histogram')
    return name.startsWith('jetstream_') ? !OF_EXPORTER.includes(name) : !ofProcess.includes(`# TYPE ${name} `)
  })
  expect(unknown).toEqual([])
})

test('every label of an alert or a panel is one that its metric has', () => {
  const ours = registered()
  const wrong: string[] = []
  for (const text of expressions()) {
    const names = (text.match(NAMES) ?? []).map((name) => name.replace(/_(bucket|count|sum)$/, ''))
    const known = [...names.flatMap((name) => ours.get(name)?.labels ?? []), ...ADDED_BY_PROMETHEUS]
    const used = [
      ...[...text.matchAll(/\bby \(([^)]*)\)/g)].flatMap((match) => (match[1] as string).split(/,\s*/)),
      ...[...text.matchAll(/[{,]\s*(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map((match) => match[1] as string),
    ]
    for (const label of used) if (!known.includes(label)) wrong.push(`${label} in ${text}`)
  }
  expect(wrong).toEqual([])
})

test('every alert has a severity, a sentence and a paragraph in the runbooks', () => {
  const found = alerts()
  const anchors = [...read('ops/runbooks.md').matchAll(/^## (.+)$/gm)].map((match) => match[1] as string)
  expect(found.length).toBeGreaterThan(15)
  expect(new Set(found.map(({ name }) => name)).size).toBe(found.length)
  for (const { name, expression, severity, summary, runbook } of found) {
    expect(expression, name).not.toBe('')
    expect(['critical', 'warning'], name).toContain(severity)
    expect(summary, name).toMatch(/^[A-Z{].{10,}/)
    expect(anchors, name).toContain(runbook.replace('ops/runbooks.md#', ''))
  }
  const linked = found.map(({ runbook }) => runbook.replace('ops/runbooks.md#', ''))
  expect(anchors.filter((anchor) => !linked.includes(anchor))).toEqual([])
})

test('every command in the runbooks exists', () => {
  const commands = readdirSync(path.join(root, 'apps/cli/src/commands')).map((file) => file.replace('.ts', ''))
  const named = [...read('ops/runbooks.md').matchAll(/`contrail ([a-z]+)/g)].map((match) => match[1] as string)
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((name) => !commands.includes(name))).toEqual([])
})

test('the dashboard is one that Grafana takes: panels with their own ids, each graph with a question', () => {
  const { uid, panels } = dashboard()
  expect(uid).toBe('contrail-live')
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  for (const { type, title, targets = [] } of panels)
    if (type !== 'row') expect(targets.length, title).toBeGreaterThan(0)
})

test('what is scraped runs in compose.yaml, and each of our services is scraped', () => {
  const compose = read('compose.yaml')
  const services = [...compose.slice(compose.indexOf('\nservices:')).matchAll(/^ {2}([a-z-]+):$/gm)].map(
    (one) => one[1],
  )
  const scraped = [...read('ops/prometheus/prometheus.yml').matchAll(/targets: \['([a-z-]+):\d+'\]/g)].map(
    (one) => one[1],
  )
  expect(scraped.filter((name) => !services.includes(name))).toEqual([])
  for (const app of ['ingest', 'engine', 'orders', 'portfolio', 'strategies', 'gateway']) expect(scraped).toContain(app)
})

const YAML = ['prometheus/prometheus.yml', 'prometheus/alerts.yml', 'grafana/provisioning/datasources/prometheus.yml']

test.each([...YAML, 'grafana/provisioning/dashboards/contrail.yml'])('%s is plain YAML', (file) => {
  const line = /^( {2})*((- )?[\w-]+:( ('[^']*'|\[.*\]|(?!.*( #|: ))[^'"{}[\]#&*|>%@`\s].*|>-))?)$/
  let blockIndent = -1
  for (const [index, text] of read(path.join('ops', file)).split('\n').entries()) {
    const indent = text.length - text.trimStart().length
    const inBlock = blockIndent >= 0 && indent > blockIndent
    if (text.trim() === '' || text.trimStart().startsWith('#') || inBlock) continue
    if (/^ *- \/[\w./-]+$/.test(text)) continue
    expect(text, `${file}:${index + 1}`).toMatch(line)
    blockIndent = text.endsWith('>-') ? indent : -1
  }
})
