import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const STYLES = [
  fileURLToPath(import.meta.resolve('uplot/dist/uPlot.min.css')),
  path.join(import.meta.dirname, 'page/style.css'),
]
export const styleText = (): string => STYLES.map((file) => readFileSync(file, 'utf8')).join('\n')
