import type { Instrument } from '@contrail/contracts'
import type { Kind, Rows, SeriesKey } from './columns/kinds.ts'
import { hashFile } from './files/measure.ts'
import { keyOfFile, streamMarketFile } from './market-file.ts'
import type { FileJudgement, MarketFileOptions } from './market-file.ts'
import type { DataStore, WriteOptions, WriteReport } from './store/store.ts'

export type StoreImport = FileJudgement & {
  sha256: string
  definition: Instrument
  /** What the store made of the accepted rows. */
  written: WriteReport
}

/** A file into the store, whole or not at all, piece by piece: its size does not matter to memory. */
export async function importToStore(
  store: DataStore,
  file: string,
  options: MarketFileOptions & WriteOptions = {},
): Promise<StoreImport> {
  const { replace = false, ...fileOptions } = options
  const transaction = store.begin()
  try {
    const { judgement, definition, opened } = await streamMarketFile(
      file,
      fileOptions,
      (kind: Kind, rows: Rows, seen) => {
        const key: SeriesKey = keyOfFile(seen, kind, fileOptions.depth)
        transaction.append(key, seen.instrument, rows)
      },
    )
    const sha256 = await hashFile(file)
    transaction.define(definition)
    const written = await transaction.commit(`sha256:${sha256} ${opened.name}`, { replace })
    return { ...judgement, sha256, definition, written }
  } catch (error) {
    transaction.abort()
    throw error
  }
}
