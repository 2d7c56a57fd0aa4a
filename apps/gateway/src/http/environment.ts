import type { Context } from 'hono'

export type GatewayEnv = {
  Variables: { principal: string; traceId: string }
  Bindings: { incoming?: { socket?: { remoteAddress?: string } } }
}

/** The peer's address as the socket says it; forwarded headers are anybody's words. */
export function addressOf(c: Context<GatewayEnv>): string {
  const environment = c.env as GatewayEnv['Bindings'] | undefined // absent under app.request() of tests
  return environment?.incoming?.socket?.remoteAddress ?? 'local'
}
