import { expect, test } from 'vitest'
import { openApi } from './openapi.ts'
import { ROUTES } from './routes/table.ts'

type Operation = {
  operationId: string
  parameters?: { name: string; in: string; required: boolean; schema: object }[]
  requestBody?: object
  responses: Record<string, { description: string }>
}
const document = openApi(ROUTES, '1.2.3') as {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown> }
}
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
)

test('the document is 3.1 and each operation is described once', () => {
  expect(document.openapi).toBe('3.1.0')
  const names = operations.map(({ operation }) => operation.operationId)
  expect(new Set(names).size).toBe(names.length)
  for (const { operation } of operations)
    for (const response of Object.values(operation.responses)) expect(response.description).not.toBe('')
})

test('each reference leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] as string)
  expect(references.length).toBeGreaterThan(10)
  for (const reference of new Set(references)) {
    const name = /^#\/components\/schemas\/(\w+)$/.exec(reference)?.[1]
    expect([reference, name !== undefined && name in document.components.schemas]).toEqual([reference, true])
  }
})

test('the parameters of a path are those in its template', () => {
  for (const { path, operation } of operations) {
    const wanted = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
    const found = operation.parameters?.filter((one) => one.in === 'path') ?? []
    expect([path, found.map((one) => one.name)]).toEqual([path, wanted])
    expect(found.every((one) => one.required)).toBe(true)
  }
})

test.each(ROUTES)('the examples of $operation are of its schemas', (route) => {
  expect(route.answer.safeParse(route.example).error).toBeUndefined()
  if (route.body) expect(route.body.safeParse(route.bodyExample).error).toBeUndefined()
})
