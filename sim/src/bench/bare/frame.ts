/** The tick frame of libs/contracts/src/codec.ts, written down a second time: this side imports nothing of ours. */
const TICK_BYTES = 40
const PRICE_AT = 24
const SIDE_SELL = 2

/** A tick that a consumer is to answer carries side `sell`; all others `buy`. */
export function tickFrame(index: number, timeUs: number, marked: boolean): Uint8Array {
  const id = `b${index}`
  const bytes = new Uint8Array(TICK_BYTES + id.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = 1
  bytes[1] = 1
  bytes[2] = marked ? SIDE_SELL : 1
  view.setFloat64(8, timeUs, true)
  view.setFloat64(16, timeUs, true)
  view.setFloat64(PRICE_AT, 100 + (index % 100) / 100, true)
  view.setFloat64(32, 1, true)
  for (let i = 0; i < id.length; i++) bytes[TICK_BYTES + i] = id.charCodeAt(i)
  return bytes
}

export const priceOf = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(PRICE_AT, true)
export const isMarked = (bytes: Uint8Array): boolean => bytes[2] === SIDE_SELL
