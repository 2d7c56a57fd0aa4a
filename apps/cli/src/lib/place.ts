import path from 'node:path'

/** The clone this CLI belongs to, and its data folder. */
export const root = path.resolve(import.meta.dirname, '../../../..')
export const home = (): string => process.env['CONTRAIL_HOME'] ?? path.join(root, '.contrail')
