import { createHash } from 'node:crypto'

/**
 * Rendezvous hashing: the worker with the highest score owns it. When a worker comes or goes, only its own share moves.
 * A hint; the fence is the judge.
 */
export function ownerOf(strategy: string, workers: readonly string[]): string | undefined {
  let owner: string | undefined
  let highest = -1n
  for (const worker of workers) {
    const score = scoreOf(strategy, worker)
    if (score > highest || (score === highest && owner !== undefined && worker < owner)) {
      highest = score
      owner = worker
    }
  }
  return owner
}

const scoreOf = (strategy: string, worker: string): bigint =>
  createHash('sha256').update(`${worker}\n${strategy}`).digest().readBigUInt64BE()
