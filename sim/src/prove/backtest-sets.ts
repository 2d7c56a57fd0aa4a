import { readFileSync } from 'node:fs'
import path from 'node:path'

/*
 * `npm run prove:backtest` runs every set that a file sim/src/prove/backtest-*.ts exports as `sets: ProofSet[]`, and prints
 * one line for each: `<name>: n of n equal`.
 */
export type ProofSet = {
  readonly name: string
  /** Files beside the repository without which the set cannot run: it is then skipped by name. */
  readonly wants?: readonly string[]
  readonly run: (check: Checks) => void | Promise<void>
}

/** Counts what is equal and keeps what is not. */
export class Checks {
  equal = 0
  of = 0
  readonly differs: string[] = []
  /** Said below the line of the set, such as a rule that differs by intention. */
  readonly notes: string[] = []

  /** Numbers within `relative` of each other (default: to the last bit), anything else by its JSON. */
  same(what: string, found: unknown, expected: unknown, relative = 0): void {
    this.of++
    if (isSame(found, expected, relative)) this.equal++
    else this.differs.push(`${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`)
  }
}

function isSame(found: unknown, expected: unknown, relative: number): boolean {
  if (typeof found === 'number' && typeof expected === 'number')
    return (
      Object.is(found, expected) ||
      Math.abs(found - expected) <= relative * Math.max(Math.abs(found), Math.abs(expected))
    )
  return JSON.stringify(found) === JSON.stringify(expected)
}

const shared = path.resolve(import.meta.dirname, '../../../../shared')
export const sharedPath = (name: string): string => path.join(shared, name)
export const readExpected = (name: string): unknown =>
  JSON.parse(readFileSync(path.join(shared, 'expected', name), 'utf8'))
