import { describe, expect, it } from 'vitest'
import { createLogger } from './log.ts'

function lines(write: (log: ReturnType<typeof createLogger>) => void): string {
  let text = ''
  write(createLogger({ name: 'test', level: 'trace', destination: { write: (line: string) => void (text += line) } }))
  return text
}

describe('the log', () => {
  it.each([
    ['a field', { apiKey: 'PLANTED' }],
    ['a deep field', { a: { b: [{ password: 'PLANTED' }] } }],
    ['a header', { headers: { authorization: 'Bearer PLANTED' } }],
    ['a signature', { request: { signature: 'PLANTED' } }],
    ['a url', { url: 'postgres://orders:PLANTED@127.0.0.1/trade' }],
    ['a token in a map', { map: new Map([['accessToken', 'PLANTED']]) }],
    ['a bearer in a text', { said: 'authorization: Bearer PLANTED-token' }],
  ])('masks %s', (_what, fields) => {
    const text = lines((log) => log.info(fields, 'hello'))
    expect(text).toContain('***')
    expect(text).not.toContain('PLANTED')
  })

  it('masks texts, errors, causes and bindings', () => {
    const cause = new Error('connect nats://engine:PLANTED@127.0.0.1 failed')
    const text = lines((log) => {
      log.error(new Error('no bus at nats://engine:PLANTED@127.0.0.1', { cause }))
      log.warn('redis://:PLANTED@127.0.0.1 is away')
      log.child({ token: 'PLANTED' }).info('child')
    })
    expect(text).not.toContain('PLANTED')
    expect(text.split('\n').filter(Boolean).length).toBe(3)
    expect(text).toContain('"cause"')
  })

  it('keeps what is no secret', () => {
    const text = lines((log) => log.info({ orderId: 's1-1-0', keys: 3, monkey: 'see', many: 12n }, 'sent'))
    expect(JSON.parse(text)).toMatchObject({ orderId: 's1-1-0', keys: 3, monkey: 'see', many: '12', msg: 'sent' })
  })
})
