import { expect, test } from 'vitest'
import {
  checkArrows,
  checkDead,
  checkDeterminism,
  checkFace,
  checkForeign,
  checkSize,
  LINES_MAX,
} from './tidy/rules.ts'

const rules = (findings: { rule: string; line: number }[]) => findings.map(({ rule, line }) => `${rule}:${line}`)

test('trading may not import runtime, contracts may import nothing of ours', () => {
  expect(rules(checkArrows({ file: 'libs/trading/src/a.ts', text: "import { x } from '@contrail/runtime'" }))).toEqual([
    'arrows:1',
  ])
  expect(
    rules(checkArrows({ file: 'libs/contracts/src/a.ts', text: "import { x } from '@contrail/trading'" })),
  ).toEqual(['arrows:1'])
  expect(checkArrows({ file: 'libs/trading/src/a.ts', text: "import { x } from '@contrail/contracts'" })).toEqual([])
})

test('nobody imports an app', () => {
  expect(rules(checkArrows({ file: 'apps/gateway/src/a.ts', text: "import { x } from '@contrail/orders'" }))).toEqual([
    'arrows:1',
  ])
  expect(
    rules(checkArrows({ file: 'apps/gateway/src/a.ts', text: "import { x } from '../../orders/src/b.ts'" })),
  ).toEqual(['arrows:1'])
})

test.each([
  'const t = Date.now()',
  'const d = new Date()',
  'const r = Math.random()',
  'setTimeout(f, 1)',
  "const r = fetch('x')",
  'const e = process.env.X',
  'export async function f() {}',
  "import fs from 'node:fs'",
  'a.localeCompare(b)',
])('a decision cannot depend on: %s', (text) => {
  expect(rules(checkDeterminism({ file: 'libs/trading/src/a.ts', text }))[0]).toBe('determinism:1')
})

test('a comment or an excused line is not a finding, a test is free', () => {
  expect(checkDeterminism({ file: 'libs/trading/src/a.ts', text: '// no Date.now here' })).toEqual([])
  expect(checkDeterminism({ file: 'libs/trading/src/a.ts', text: '/* await\nawait */ const a = 1' })).toEqual([])
  expect(checkDeterminism({ file: 'apps/orders/src/a.ts', text: 'Date.now() // tidy-ok: shown to a person' })).toEqual(
    [],
  )
  expect(checkDeterminism({ file: 'libs/trading/src/a.test.ts', text: 'await f()' })).toEqual([])
  expect(rules(checkDeterminism({ file: 'apps/orders/src/a.ts', text: 'Date.now()' }))).toEqual(['determinism:1'])
})

test('size, face, foreign paths and dead files are found', () => {
  expect(rules(checkSize({ file: 'a.ts', text: 'x\n'.repeat(LINES_MAX + 1) }))).toEqual([`size:${LINES_MAX + 1}`])
  expect(rules(checkFace({ file: 'libs/x/src/index.ts', text: "export * from './a.ts'" }))).toEqual(['face:1'])
  expect(rules(checkForeign({ file: 'README.md', text: `see ${'/ro'}ot/secret` }))).toEqual(['foreign:1'])
  const sources = [
    { file: 'apps/a/src/main.ts', text: "import './b.ts'" },
    { file: 'apps/a/src/b.ts', text: '' },
    { file: 'apps/a/src/c.ts', text: '' },
  ]
  expect(checkDead(sources, /main\.ts$/, ['d.ts']).map(({ file }) => file)).toEqual(['apps/a/src/c.ts'])
})
