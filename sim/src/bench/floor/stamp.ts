/** What goes through a chain: when it was sent, in microseconds of a clock that all processes of a machine share. */
export const STAMP_BYTES = 120

export const nowUs = (): number => (performance.timeOrigin + performance.now()) * 1000

export function stamped(): Uint8Array {
  const bytes = new Uint8Array(STAMP_BYTES)
  new DataView(bytes.buffer).setFloat64(0, nowUs(), true)
  return bytes
}

export const sentUsOf = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0, true)

/** From sink to producer: so many more have come through. */
export const CREDIT = 'floor.credit'
export const CREDIT_EACH = 50
/** A sink counts the rate behind this part of what it waits for. */
export const SINK_WARM_UP = 0.25
