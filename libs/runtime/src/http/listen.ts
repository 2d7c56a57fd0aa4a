import type { Server } from 'node:http'
import { refuse } from '@contrail/contracts'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'

/** Requests in hand get this long to end when the server closes. */
const DRAIN_MS = 3000

export async function listen(
  app: Hono,
  options: { host: string; port: number },
): Promise<{ url: string; close(): Promise<void> }> {
  const { server, port } = await bound(app, options)
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
        server.close(() => {
          clearTimeout(force)
          resolve()
        })
        server.closeIdleConnections()
      }),
  }
}

function bound(app: Hono, options: { host: string; port: number }): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: options.host, port: options.port }, (info) =>
      resolve({ server, port: info.port }),
    ) as Server
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${options.host}:${options.port}`
      if (error.code === 'EADDRINUSE')
        reject(refuse('port_in_use', 'CONTRAIL_PORT', where, 'stop the other program or choose another port'))
      else if (error.code === 'EACCES')
        reject(refuse('port_forbidden', 'CONTRAIL_PORT', where, 'choose a port above 1023'))
      else reject(error)
    })
  })
}
