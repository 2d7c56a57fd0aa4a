import { inspectFile } from '../files/feed.ts'
import type { FileOptions } from '../files/feed.ts'
import { judgeFile } from './judge.ts'
import type { FileReport } from './judge.ts'

/** Reads the whole file and counts gaps, duplicates, disorder and absurd rows. Writes nothing. */
export async function verifyFile(options: FileOptions): Promise<FileReport> {
  return await judgeFile(await inspectFile(options))
}
