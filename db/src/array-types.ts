import { refuse } from '@contrail/contracts'

/** Element and array types by their fixed numbers in pg_type. */
const ARRAYS: readonly (readonly [element: number, array: number])[] = [
  [16, 1000], // bool
  [17, 1001], // bytea
  [20, 1016], // int8
  [21, 1005], // int2
  [23, 1007], // int4
  [25, 1009], // text
  [114, 199], // json
  [700, 1021], // float4
  [701, 1022], // float8
  [1043, 1015], // varchar
  [1700, 1231], // numeric
  [2950, 2951], // uuid
  [3802, 3807], // jsonb
]

type Parser = (text: string) => unknown
type Serializer = (value: unknown) => unknown
export type TypeOptions = { parsers: Record<number, Parser>; serializers: Record<number, Serializer> }

/**
 * One-dimensional arrays in and out. The driver would ask each new connection for all array types; when such a
 * connection breaks meanwhile, that ends the process and leaves its statement waiting for ever.
 */
export function registerArrayTypes({ parsers, serializers }: TypeOptions): void {
  for (const [element, array] of ARRAYS) {
    parsers[array] = (text) => parseArray(text, parsers[element] ?? String)
    serializers[array] = (value) => (Array.isArray(value) ? arrayText(value, serializers[element] ?? String) : value)
  }
}

function arrayText(values: readonly unknown[], one: Serializer): string {
  const parts = values.map((value) => {
    if (Array.isArray(value)) throw refuse('invalid', 'array', value, 'pass one dimension')
    if (value === undefined) throw refuse('invalid', 'array', 'undefined', 'pass null for no value')
    return value === null ? 'null' : `"${String(one(value)).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  })
  return `{${parts.join(',')}}`
}

/** `{a,"b \"c\"",NULL}`. */
export function parseArray(text: string, one: Parser): unknown[] {
  const values: unknown[] = []
  for (const [, quoted, plain] of text.slice(1, -1).matchAll(/(?:"((?:[^"\\]|\\.)*)"|([^,"]+))(?:,|$)/gs))
    if (quoted !== undefined) values.push(one(quoted.replaceAll(/\\(.)/gs, '$1')))
    else values.push(plain === 'NULL' ? null : one(plain as string))
  return values
}
