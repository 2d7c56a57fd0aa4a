import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { isoOfUs } from '@contrail/contracts'
import { home } from './home.ts'

/** Where studies are kept: beside runs. */
export const studiesDirectory = (): string => process.env['CONTRAIL_STUDIES_DIR'] ?? path.join(home(), 'studies')

/** `20260131-141559-sma-cross-3fa9`: sorts by time, says what it is of. */
export function newStudyId(strategy: string, nowUs: number): string {
  const stamp = isoOfUs(nowUs).slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  const name = strategy.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, 32)
  return `${stamp}-${name}-${randomBytes(2).toString('hex')}`
}
