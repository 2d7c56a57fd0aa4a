import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export type StandInTrade = { a: number; p: string; q: string; T: number; m: boolean }

/** As much of Binance spot as a market data client meets: exchangeInfo, depth, aggTrades, and the stream of both. */
export class BinanceStandIn {
  readonly trades: StandInTrade[] = []
  /** Rows of klines: [openTime, open, high, low, close, volume, closeTime]. */
  readonly bars: (number | string)[][] = []
  /** What was asked by REST, path by path. */
  readonly asked: string[] = []
  /** Requests are answered with 503 while it is true. */
  down = false
  /** So many requests are answered before it is down. */
  answersLeft = Number.POSITIVE_INFINITY
  #updateId = 100
  readonly #sockets = new Map<Duplex, string>()
  readonly #connections = new Set<Socket>()
  readonly #server = createServer((request, response) => this.#answer(request, response))

  async start(): Promise<void> {
    this.#server.on('upgrade', (request, socket) => this.#upgrade(request, socket))
    this.#server.on('connection', (socket) => this.#connections.add(socket))
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }
  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }
  get subscribers(): number {
    return this.#sockets.size
  }
  async stop(): Promise<void> {
    for (const socket of this.#connections) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** A trade happens; `told` false = the stream does not say it. */
  trade(id: number, price: number, told = true): void {
    const trade = { a: id, p: price.toFixed(2), q: '0.50000', T: 1_700_000_000_000 + id, m: id % 2 === 0 }
    this.trades.push(trade)
    if (told)
      this.#say('btcusdt@aggTrade', { e: 'aggTrade', E: trade.T, s: 'BTCUSDT', f: id, l: id, M: true, ...trade })
  }
  depth(bid: string, ask: string): void {
    const id = ++this.#updateId
    this.#say('btcusdt@depth', {
      e: 'depthUpdate',
      E: 1_700_000_000_000,
      s: 'BTCUSDT',
      U: id,
      u: id,
      b: [[bid, '3.00000']],
      a: [[ask, '4.00000']],
    })
  }
  /** Every stream is cut without a word. */
  cut(): void {
    for (const socket of this.#sockets.keys()) socket.destroy()
    this.#sockets.clear()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    this.asked.push(url.pathname)
    if (this.answersLeft-- <= 0) this.down = true
    if (this.down) return void response.writeHead(503).end('{}')
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(this.#body(url)))
  }
  #body(url: URL): unknown {
    if (url.pathname.endsWith('/exchangeInfo')) return EXCHANGE_INFO
    if (url.pathname.endsWith('/depth'))
      return { lastUpdateId: this.#updateId, bids: [['99.00', '1.00000']], asks: [['101.00', '2.00000']] }
    const number = (name: string, otherwise: number) => Number(url.searchParams.get(name) ?? otherwise)
    const [since, limit] = [number('startTime', 0), number('limit', 500)]
    if (url.pathname.endsWith('/klines')) return this.bars.filter(([time = 0]) => Number(time) >= since).slice(0, limit)
    const fromId = number('fromId', 0)
    return this.trades.filter((trade) => since <= trade.T && trade.a >= fromId).slice(0, limit)
  }

  #upgrade(request: IncomingMessage, socket: Duplex): void {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
    socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`)
    socket.on('data', (bytes: Buffer) => {
      const text = unmask(bytes)
      const id = /"id":(\d+)/.exec(text)?.[1]
      if (!id) return
      socket.write(frame(JSON.stringify({ result: null, id: Number(id) })))
      this.#sockets.set(socket, text)
    })
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => this.#sockets.delete(socket))
  }
  #say(stream: string, message: object): void {
    for (const [socket, subscribed] of this.#sockets)
      if (subscribed.includes(stream)) socket.write(frame(JSON.stringify(message)))
  }
}

/** One unmasked text frame (RFC 6455, 5.2), shorter than 65,536 bytes. */
function frame(text: string): Buffer {
  const body = Buffer.from(text)
  const head =
    body.length < 126 ? Buffer.from([0x81, body.length]) : Buffer.from([0x81, 126, body.length >> 8, body.length & 255])
  return Buffer.concat([head, body])
}

/** The first masked frame of a client. */
function unmask(bytes: Buffer): string {
  if (((bytes[0] ?? 0) & 15) !== 1) return ''
  const short = (bytes[1] ?? 0) & 127
  const at = short === 126 ? 4 : 2
  const length = short === 126 ? bytes.readUInt16BE(2) : short
  const mask = bytes.subarray(at, at + 4)
  const body = Buffer.from(bytes.subarray(at + 4, at + 4 + length))
  for (let i = 0; i < body.length; i++) body[i] = (body[i] as number) ^ (mask[i % 4] as number)
  return body.toString()
}

const EXCHANGE_INFO = {
  timezone: 'UTC',
  serverTime: 1_700_000_000_000,
  rateLimits: [],
  exchangeFilters: [],
  symbols: [
    {
      symbol: 'BTCUSDT',
      status: 'TRADING',
      baseAsset: 'BTC',
      baseAssetPrecision: 8,
      quoteAsset: 'USDT',
      quotePrecision: 8,
      quoteAssetPrecision: 8,
      orderTypes: ['LIMIT', 'MARKET'],
      isSpotTradingAllowed: true,
      isMarginTradingAllowed: false,
      filters: [
        { filterType: 'PRICE_FILTER', minPrice: '0.01000000', maxPrice: '1000000.00000000', tickSize: '0.01000000' },
        { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
        { filterType: 'NOTIONAL', minNotional: '5.00000000' },
      ],
      permissions: ['SPOT'],
    },
  ],
}
