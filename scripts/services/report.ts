import { readFileSync } from 'node:fs'

export type Counts = { passed: number; failed: number; skipped: number }

type VitestResult = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

/** Sums vitest's JSON report. A file that failed without a failed test in it (it could not be loaded) counts as one. */
export function countResult(result: VitestResult): Counts {
  const filesLost = result.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + filesLost.length,
    skipped: result.numPendingTests + result.numTodoTests,
  }
}

export function countTests(file: string): Counts {
  try {
    return countResult(JSON.parse(readFileSync(file, 'utf8')) as VitestResult)
  } catch {
    return { passed: 0, failed: 1, skipped: 0 } // No report: vitest did not get far enough to write one.
  }
}

export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
