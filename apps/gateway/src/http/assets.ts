import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Hono } from 'hono'
import { refuse } from '@contrail/contracts'
import type { GatewayEnv } from './environment.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
}
const YEAR_SECONDS = 31_536_000
/** A page of ours is far smaller; a folder that is not ours is noticed. */
const FILES_MAX = 200

type Asset = { type: string; plain: Uint8Array; br: Uint8Array; gzip: Uint8Array }

/** The built page, read once: what is not in this list cannot be asked for, whatever the path says. */
export async function loadAssets(directory: string): Promise<ReadonlyMap<string, Asset>> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => {
    throw refuse('no_web', 'CONTRAIL_GATEWAY_WEB_DIR', directory, 'build the page first (buildWeb of @contrail/web)')
  })
  const files = names.filter((entry) => entry.isFile() && TYPES[path.extname(entry.name)])
  if (files.length > FILES_MAX || !files.some((file) => file.name === 'index.html'))
    throw refuse('no_web', 'CONTRAIL_GATEWAY_WEB_DIR', directory, 'give the folder that buildWeb() wrote')
  const assets = new Map<string, Asset>()
  for (const file of files) {
    const full = path.join(file.parentPath, file.name)
    const plain = await readFile(full)
    const url = `/${path.relative(directory, full).split(path.sep).join('/')}`
    assets.set(url, {
      type: TYPES[path.extname(file.name)] as string,
      plain,
      gzip: await promisify(gzip)(plain),
      br: await promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
    })
  }
  return assets
}

/** Hashed names never change, so they are kept for a year; the index is asked for every time. */
export function serveAssets(app: Hono<GatewayEnv>, assets: ReadonlyMap<string, Asset>): void {
  const serve = (url: string, cache: string) => (accept: string | undefined) => {
    const asset = assets.get(url)
    if (!asset) return undefined
    const coding = /\bbr\b/.test(accept ?? '') ? 'br' : /\bgzip\b/.test(accept ?? '') ? 'gzip' : undefined
    const headers = new Headers({ 'content-type': asset.type, 'cache-control': cache, vary: 'accept-encoding' })
    if (coding) headers.set('content-encoding', coding)
    return new Response(new Uint8Array(asset[coding ?? 'plain']), { headers })
  }
  const index = serve('/index.html', 'no-store')
  app.get('/', (c) => index(c.req.header('accept-encoding')) ?? c.notFound())
  app.get('/assets/:name', (c) => {
    const cache = `public, max-age=${YEAR_SECONDS}, immutable`
    return serve(`/assets/${c.req.param('name')}`, cache)(c.req.header('accept-encoding')) ?? c.notFound()
  })
}
