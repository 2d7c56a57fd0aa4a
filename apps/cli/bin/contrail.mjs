#!/usr/bin/env node
// Plain JavaScript: runs on any Node >= 20 and goes on under one that reads TypeScript.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import path from 'node:path'

const [major, minor] = process.versions.node.split('.').map(Number)
const readsTypeScript = major > 22 || (major === 22 && minor >= 18)
const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../../..')
// What prints the help reads it when it is loaded, and knows this value only.
if (!process.stdout.isTTY || process.env.NO_COLOR !== undefined) process.env.NO_COLOR = '1'
if (readsTypeScript) {
  module.enableCompileCache?.()
  await import('../src/main.ts')
} else {
  const pinned = path.join(root, 'node_modules/.bin/node')
  if (!existsSync(pinned)) {
    console.error(
      `contrail: Node ${process.versions.node} is too old and the pinned Node is not installed; run npm start once`,
    )
    process.exit(2)
  }
  const { status } = spawnSync(pinned, [process.argv[1], ...process.argv.slice(2)], { stdio: 'inherit' })
  process.exit(status ?? 1)
}
