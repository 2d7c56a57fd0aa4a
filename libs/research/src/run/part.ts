import { randomBytes } from 'node:crypto'
import path from 'node:path'
import type { RunProgress } from './types.ts'

export type Progress = (phase: RunProgress['phase'], done: number, total: number) => void

/** The folder of a run before it has its name: beside its place, and not there for whoever lists runs. */
export const partFolder = (directory: string): string =>
  path.join(directory, `.${process.pid}-${randomBytes(6).toString('hex')}.part`)
