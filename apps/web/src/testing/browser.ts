import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'

/** No sandbox: tests run as root in containers. The rest keeps the browser from talking to the outside. */
export const BROWSER_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const NAMES = ['chromium', 'google-chrome', 'chromium-browser', 'google-chrome-stable']

export type FoundBrowser = { executablePath: string; from: 'CHROMIUM_PATH' | 'PATH' | '@sparticuz/chromium' }

/** CHROMIUM_PATH, then PATH, then the one that npm brought. Undefined = a test must skip, and say so. */
export async function findBrowser(env: NodeJS.ProcessEnv = process.env): Promise<FoundBrowser | undefined> {
  const named = env['CHROMIUM_PATH']
  if (named) return { executablePath: named, from: 'CHROMIUM_PATH' }
  for (const directory of (env['PATH'] ?? '').split(path.delimiter))
    for (const name of NAMES) {
      const executablePath = path.join(directory, name)
      if (directory !== '' && isExecutable(executablePath)) return { executablePath, from: 'PATH' }
    }
  return shipped()
}

export async function launchBrowser(found: FoundBrowser): Promise<Browser> {
  return chromium.launch({ executablePath: found.executablePath, args: BROWSER_FLAGS })
}

async function shipped(): Promise<FoundBrowser | undefined> {
  try {
    const { default: packed } = await import('@sparticuz/chromium')
    const executablePath = await packed.executablePath()
    return isExecutable(executablePath) ? { executablePath, from: '@sparticuz/chromium' } : undefined
  } catch {
    return undefined // not installed (npm ci --omit=dev) or not for this machine: the test is skipped by name
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
