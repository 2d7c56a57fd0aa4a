import { expect, test } from 'vitest'
import { failedTasks } from './checks.ts'
import { closingLine, countResult, countTests } from './report.ts'

const result = {
  numPassedTests: 5,
  numFailedTests: 1,
  numPendingTests: 2,
  numTodoTests: 1,
  testResults: [
    { status: 'passed', assertionResults: [{ status: 'passed' }] },
    { status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] },
  ],
}

test('passed, failed and skipped tests are summed', () => {
  expect(closingLine(countResult(result))).toBe('5 passed, 1 failed, 3 skipped')
})

test('a file that could not be loaded is a failure though no test in it failed', () => {
  const lost = { status: 'failed', assertionResults: [] }
  expect(countResult({ ...result, testResults: [...result.testResults, lost] }).failed).toBe(2)
})

test('no report at all is a failure', () => {
  expect(countTests('/nowhere/vitest.json')).toEqual({ passed: 0, failed: 1, skipped: 0 })
})

test('nothing skipped is not mentioned', () => {
  expect(closingLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed')
})

test("the failed checks are read from turbo's summary", () => {
  expect(failedTasks(' Tasks:    2 successful\nFailed:    //#lint, //#types\n')).toEqual(['lint', 'types'])
  expect(failedTasks('turbo could not start')).toEqual(['checks'])
})
