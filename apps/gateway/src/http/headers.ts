import type { MiddlewareHandler } from 'hono'

/** No inline script or style, nothing from elsewhere, no frame around us. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/**
 * A page that a strategy had a hand in, with its own script and style. It runs as nobody: without an origin it has no cookie of
 * ours and reaches no door.
 */
export const DOCUMENT_POLICY = [
  'sandbox allow-scripts',
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const YEAR_SECONDS = 31_536_000

export function securityHeaders(https: boolean): MiddlewareHandler {
  const fixed: [string, string][] = [
    ['content-security-policy', CONTENT_SECURITY_POLICY],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
    ['permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()'],
    ['referrer-policy', 'no-referrer'],
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
  ]
  if (https) fixed.push(['strict-transport-security', `max-age=${YEAR_SECONDS}; includeSubDomains`])
  return async (c, next) => {
    await next()
    const own = c.res.headers.get('content-security-policy')
    for (const [name, value] of fixed) c.res.headers.set(name, value)
    if (own === DOCUMENT_POLICY) c.res.headers.set('content-security-policy', own)
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store')
  }
}
