import { mkdirSync, statfsSync } from 'node:fs'
import { BootFault } from './faults.ts'

/** An empty cluster with its log of writes takes about 60 MB, the unpacked programs 150 MB. */
const FREE_BYTES_MIN = 300_000_000

/** Better told before than by whichever service first fails to write. */
export function needSpace(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize >= FREE_BYTES_MIN) return
  const what = `the disk under ${folder} is full: ${Math.floor((bavail * bsize) / 1e6)} MB are free`
  throw new BootFault('disk_full', what, `free at least ${FREE_BYTES_MIN / 1e6} MB and start again`)
}
