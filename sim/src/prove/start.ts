import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { findBrowser, launchBrowser } from '@contrail/web/testing'

/**
 * `npm run prove:start [-- --shots DIR --warm-only]`: a fresh clone in an empty folder with an empty HOME, `npm start`,
 * a headless browser on the printed address, until a person would see the first paper fill. Then once more, warm.
 */
const { values } = parseArgs({ options: { shots: { type: 'string' }, keep: { type: 'boolean', default: false } } })
const root = path.resolve(import.meta.dirname, '../../..')
const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-start-'))
const clone = path.join(folder, 'clone')
const shots = values.shots ?? path.join(folder, 'shots')
mkdirSync(shots, { recursive: true })
mkdirSync(path.join(folder, 'home'))

/** `fillS`: a fill is on the page; `newFillS`: one that was made after this start (warm, the first may be an older one). */
type Measured = { urlS: number; fillS: number; newFillS: number; position: string; markers: number }

execFileSync('git', ['clone', '-q', root, clone])
const results: Record<string, Measured> = {}
/** Markers that an earlier start left on the chart. */
let knownFills = 0
try {
  results['cold'] = await measure('cold')
  results['warm'] = await measure('warm')
  console.log(JSON.stringify(results, null, 2))
  for (const [name, one] of Object.entries(results))
    console.log(
      `${name}: address after ${one.urlS} s, a fill on the page after ${one.fillS} s, a new one after ${one.newFillS} s`,
    )
  console.log(`screenshots: ${shots}`)
} finally {
  if (!values.keep && values.shots) rmSync(folder, { recursive: true, force: true })
}

async function measure(name: string): Promise<Measured> {
  const began = performance.now()
  const seconds = () => Math.round((performance.now() - began) / 100) / 10
  const child = spawn('npm', ['start', '--', '--port', '0'], {
    cwd: clone,
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
    // A terminal sends Ctrl-C to the whole group.
    detached: true,
  })
  try {
    const url = await printedUrl(child)
    const urlS = seconds()
    const found = await findBrowser()
    if (!found) throw new Error('no browser: set CHROMIUM_PATH, or npm install --no-save @sparticuz/chromium')
    const browser = await launchBrowser(found)
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.message))
    await page.goto(url)
    const chart = page.getByTestId('chart')
    const first = await chart.getAttribute('data-last-close', { timeout: 30_000 })
    await page.waitForFunction(
      () => Number(document.querySelector('[data-testid=chart]')?.getAttribute('data-fill-markers')) > 0,
      undefined,
      { timeout: 120_000 },
    )
    const fillS = seconds()
    await page.waitForFunction(
      (before) => document.querySelector('[data-testid=chart]')?.getAttribute('data-last-close') !== before,
      first,
      { timeout: 30_000 },
    )
    await page.waitForFunction(
      (count) => Number(document.querySelector('[data-testid=chart]')?.getAttribute('data-fill-markers')) > count,
      knownFills,
      { timeout: 180_000 },
    )
    const newFillS = seconds()
    const position = page.locator('[data-testid=position]').first()
    const quantity = (await position.getAttribute('data-quantity', { timeout: 30_000 })) ?? ''
    await page.screenshot({ path: path.join(shots, `${name}-1440.png`) })
    await page.setViewportSize({ width: 390, height: 844 })
    await page.screenshot({ path: path.join(shots, `${name}-390.png`), fullPage: true })
    const markers = Number(await chart.getAttribute('data-fill-markers'))
    knownFills = markers
    await browser.close()
    if (problems.length > 0) throw new Error(`the page reported: ${problems.join('; ')}`)
    return { urlS, fillS, newFillS, position: quantity, markers }
  } finally {
    await stopped(child)
  }
}

function environment(): NodeJS.ProcessEnv {
  const userconfig = execFileSync('npm', ['config', 'get', 'userconfig'], { encoding: 'utf8' }).trim()
  return {
    PATH: process.env['PATH']
      ?.split(':')
      .filter((one) => !one.includes('node_modules'))
      .join(':'),
    HOME: path.join(folder, 'home'),
    npm_config_userconfig: userconfig,
    npm_config_cache: path.join(folder, 'npm-cache'),
  }
}

function printedUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code} before it printed an address`)))
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
    lines.on('line', (line) => {
      console.log(`    ${line.replace(/#token=.*/, '#token=…')}`)
      const url = /Open\s+(http:\S+)/.exec(line)?.[1]
      if (!url) return
      const token = readFileSync(path.join(clone, '.contrail', 'admin-token'), 'utf8').trim()
      resolve(url.includes('#') ? url : `${url}/#token=${token}`)
    })
  })
}

function stopped(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT')
  })
}
