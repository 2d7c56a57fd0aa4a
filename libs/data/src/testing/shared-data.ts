import { existsSync } from 'node:fs'
import path from 'node:path'

/** Reference files lie beside the repository, not in it: a test that wants one is skipped by name where it is absent. */
const folder = path.resolve(import.meta.dirname, '../../../../../shared/data')

export const sharedFile = (name: string): string => path.join(folder, name)
export const hasShared = (name: string): boolean => existsSync(sharedFile(name))
