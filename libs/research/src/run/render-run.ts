import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pageParts } from '../report/bundle.ts'
import { renderReport } from '../report/render.ts'
import { readChart, readRun, readSections } from './store.ts'

/** The report of a run from its files and the studies that were made of it since; written where it is told, or only given back. */
export async function renderRun(
  directory: string,
  run: string,
  file?: string,
): Promise<{ html: string; file: string }> {
  const { record, folder } = await readRun(directory, run)
  const [chart, sections, parts] = await Promise.all([readChart(folder), readSections(folder), pageParts()])
  const html = renderReport(record, chart, sections, parts)
  const target = file ?? path.join(directory, `${record.id}.report.html`)
  await writeFile(target, html)
  return { html, file: target }
}
