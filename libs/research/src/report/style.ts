import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

export const STYLES = [
  createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css'),
  path.join(import.meta.dirname, 'page/style.css'),
]
export const styleText = (): string => STYLES.map((file) => readFileSync(file, 'utf8')).join('\n')
