import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { BuildResult, Plugin } from 'esbuild'

export type WebBuild = {
  directory: string
  files: string[]
  /** JavaScript that the first view needs, as sent. */
  initialGzipBytes: number
  cached: boolean
}
/** The page must open on a phone: more than this is a bug. */
export const INITIAL_GZIP_BYTES_MAX = 200_000

const entry = path.resolve(import.meta.dirname, 'main.tsx')
const source = path.resolve(import.meta.dirname, 'page')
const contracts = path.resolve(import.meta.dirname, '../../../libs/contracts/src')
const DEPENDENCIES = ['esbuild', 'react', 'react-dom', 'lightweight-charts', 'uplot', 'zod']

/** Builds the page into `outDir` when what it is made of has changed. Half a second; warm, a few milliseconds. */
export async function buildWeb(outDir: string): Promise<WebBuild> {
  const inputs = await hashOfInputs()
  const known = await readFile(path.join(outDir, 'build.json'), 'utf8')
    .then((text) => JSON.parse(text) as WebBuild & { inputs: string })
    .catch(() => undefined)
  if (known?.inputs === inputs && (await present(outDir, known.files)))
    return { directory: outDir, files: known.files, initialGzipBytes: known.initialGzipBytes, cached: true }

  const outputs = await bundle(outDir)
  const initialGzipBytes = sizeOfInitial(outputs)
  if (initialGzipBytes > INITIAL_GZIP_BYTES_MAX)
    throw new Error(`the page starts with ${initialGzipBytes} bytes of JavaScript, at most ${INITIAL_GZIP_BYTES_MAX}`)
  const files = [...outputs.files.keys()]
  await rm(path.join(outDir, 'assets'), { recursive: true, force: true })
  await mkdir(path.join(outDir, 'assets'), { recursive: true })
  for (const [name, bytes] of outputs.files) await writeFile(path.join(outDir, name), bytes)
  await writeFile(path.join(outDir, 'build.json'), JSON.stringify({ inputs, files, initialGzipBytes }))
  return { directory: outDir, files, initialGzipBytes, cached: false }
}

type Outputs = { files: Map<string, Uint8Array>; main: string; initial: string[] }

async function bundle(outDir: string): Promise<Outputs> {
  const result = await build({
    entryPoints: { main: entry, style: path.join(source, 'style.css') },
    outdir: path.join(outDir, 'assets'),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    jsx: 'automatic',
    conditions: ['production'],
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'silent',
    plugins: [lean],
  })
  const files = new Map<string, Uint8Array>()
  for (const { path: file, contents } of result.outputFiles) files.set(`assets/${path.basename(file)}`, contents)
  const icon = await readFile(path.join(source, 'icon.svg'))
  const iconName = `assets/icon-${hashOf(icon).slice(0, 8).toUpperCase()}.svg`
  files.set(iconName, icon)
  const { main, initial, style } = entriesOf(result)
  files.set('index.html', Buffer.from(indexHtml({ main, initial, style, icon: iconName })))
  return { files, main, initial }
}

/** Only what is used of the contracts: without this every schema (and zod) would travel to the browser. */
const lean: Plugin = {
  name: 'contracts-have-no-side-effects',
  setup(setup) {
    setup.onResolve({ filter: /^@contrail\/contracts$/ }, () => ({
      path: path.join(contracts, 'index.ts'),
      sideEffects: false,
    }))
    setup.onResolve({ filter: /^\.\.?\// }, (args) =>
      args.importer.startsWith(contracts)
        ? { path: path.resolve(path.dirname(args.importer), args.path), sideEffects: false }
        : undefined,
    )
  },
}

function entriesOf({ metafile }: BuildResult<{ metafile: true }>): { main: string; initial: string[]; style: string } {
  const name = (file: string) => `assets/${path.basename(file)}`
  const outputs = Object.entries(metafile.outputs)
  const output = (end: string) => outputs.find(([, one]) => one.entryPoint?.endsWith(end))
  const main = output('main.tsx')
  const style = output('style.css')
  if (!main || !style) throw new Error('the bundle has no entry')
  const initial = main[1].imports.filter(({ kind }) => kind === 'import-statement').map((item) => name(item.path))
  return { main: name(main[0]), initial, style: name(style[0]) }
}

const sizeOfInitial = ({ files, main, initial }: Outputs): number =>
  [main, ...initial].reduce((sum, name) => sum + gzipSync(files.get(name) ?? new Uint8Array()).length, 0)

function indexHtml(names: { main: string; initial: string[]; style: string; icon: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="dark light">
<meta name="theme-color" content="#0b0f15" media="(prefers-color-scheme: dark)">
<meta name="theme-color" content="#f4f6f9" media="(prefers-color-scheme: light)">
<title>Contrail</title>
<link rel="icon" type="image/svg+xml" href="/${names.icon}">
<link rel="stylesheet" href="/${names.style}">
${names.initial.map((name) => `<link rel="modulepreload" href="/${name}">\n`).join('')}<script type="module" src="/${names.main}"></script>
</head>
<body><div id="page"></div><noscript>This page needs JavaScript.</noscript></body>
</html>
`
}

async function hashOfInputs(): Promise<string> {
  const hash = createHash('sha256')
  for (const directory of [source, contracts]) {
    const names = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    for (const file of names.map((entry) => path.join(entry.parentPath, entry.name)).sort())
      hash.update(path.relative(directory, file)).update(await readFile(file))
  }
  hash.update(await readFile(entry)).update(await readFile(import.meta.filename))
  for (const name of DEPENDENCIES) hash.update(`${name}@${versionOf(name)}`)
  return hash.digest('hex')
}

function versionOf(name: string): string {
  const require = createRequire(import.meta.url)
  return (require(`${name}/package.json`) as { version: string }).version
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function present(outDir: string, files: readonly string[]): Promise<boolean> {
  const there = new Set(await readdir(outDir, { recursive: true }).catch(() => []))
  return files.every((file) => there.has(path.normalize(file)))
}

if (import.meta.main) {
  const outDir = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../dist'))
  const result = await buildWeb(outDir)
  const kilobytes = (result.initialGzipBytes / 1000).toFixed(1)
  console.log(`web: ${result.files.length} files, first view ${kilobytes} kB of JavaScript (gzip)`)
}
