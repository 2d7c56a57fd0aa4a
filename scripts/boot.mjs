// The first thing that runs: installs what is missing, then goes on under the pinned Node.
// Plain JavaScript with built-ins only, for it runs on Node 20 in a clone where nothing is installed yet.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import nodeModule from 'node:module'
import { constants } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'

const script = fileURLToPath(import.meta.url)
const repository = resolve(dirname(script), '..')
const pinnedNode = join(repository, 'node_modules', '.bin', 'node')
const PINNED_MAJOR = 24
const HEARTBEAT_MS = 10_000
const usage = 'usage: node scripts/boot.mjs start [-- args] | test [args] | run FILE [args] | exec FILE [args]'

const say = (line) => console.error(`contrail: ${line}`)

function fail(line) {
  say(line)
  process.exit(1)
}

/** npm's own record of what it installed, held against the lock: 'ready', 'stale', or 'without-dev' when that is wanted. */
function installState(needsDev) {
  const record = join(repository, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return 'absent'
  let installed
  try {
    installed = JSON.parse(readFileSync(record, 'utf8')).packages
  } catch {
    return 'stale'
  }
  let missesDev = false
  for (const [path, wanted] of Object.entries(lockedPackages())) {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) continue
    const found = installed[path]
    if (found !== undefined && (wanted.link || found.version === wanted.version)) continue
    if (found !== undefined) return 'stale'
    // Packages for other systems are in the lock but never installed.
    if (wanted.optional || wanted.devOptional) continue
    if (!wanted.dev) return 'stale'
    missesDev = true
  }
  return missesDev && needsDev ? 'without-dev' : 'ready'
}

function lockedPackages() {
  try {
    return JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')).packages
  } catch (error) {
    return fail(`package-lock.json cannot be read (${error.message}) -> git checkout package-lock.json`)
  }
}

async function install(needsDev) {
  if (installState(needsDev) === 'ready') return
  const release = await takeInstallLock()
  try {
    const state = installState(needsDev) // Another start may have installed while we waited.
    if (state !== 'ready') await runNpm(state, needsDev)
  } finally {
    release()
  }
}

async function runNpm(state, needsDev) {
  // `npm ci` begins by deleting node_modules; adding the development part must not do that under a running platform.
  const verb = state === 'without-dev' ? ['install', '--no-save'] : ['ci']
  const flavour = needsDev ? ['--include=dev'] : ['--omit=dev']
  const reason = { absent: 'first start', stale: 'package-lock.json has changed' }[state] ?? 'tests need more packages'
  const words = [...verb, ...flavour, '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error']
  say(`${reason}: npm ${verb.join(' ')} ${flavour.join(' ')} (20 to 60 s)`)
  const startedMs = Date.now()
  const seconds = () => Math.round((Date.now() - startedMs) / 1000)
  const heartbeat = setInterval(() => say(`still installing (${seconds()} s)`), HEARTBEAT_MS)
  const code = await runNpmCommand(words)
  clearInterval(heartbeat)
  if (code !== 0) fail(`npm ${words[0]} failed, see above -> mend the network or npm's settings and start again`)
  say(`installed in ${seconds()} s`)
}

function runNpmCommand(words) {
  const own = process.env.npm_execpath
  const [file, args] = own?.endsWith('npm-cli.js') ? [process.execPath, [own, ...words]] : ['npm', words]
  return new Promise((done) => {
    const npm = spawn(file, args, { cwd: repository, stdio: ['ignore', 'inherit', 'inherit'] })
    npm.once('error', (error) => fail(`npm cannot be run (${error.message}) -> install npm, it comes with Node`))
    npm.once('exit', (code) => done(code ?? 1))
  })
}

/** Two starts in a fresh clone must not install into the same folder at once; the second waits. */
async function takeInstallLock() {
  const file = join(repository, '.contrail', 'install.lock')
  mkdirSync(dirname(file), { recursive: true })
  for (let told = false; ; await sleep(500)) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      const release = () => rmSync(file, { force: true })
      process.on('exit', release)
      return release
    } catch (error) {
      if (error.code !== 'EEXIST') fail(`${file} cannot be written (${error.code}) -> make the clone writable`)
    }
    const holder = readHolder(file)
    if (holder === undefined) rmSync(file, { force: true })
    else if (!told) say(`pid ${holder} is installing, waiting for it`)
    told = holder !== undefined
  }
}

function readHolder(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    process.kill(pid, 0)
    return pid
  } catch (error) {
    return error.code === 'EPERM' ? 'of another user' : undefined
  }
}

/** The pinned Node, or the host's own when that can run TypeScript as it is (22.18 and later). */
function chooseNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major >= PINNED_MAJOR) return process.execPath
  if (existsSync(pinnedNode) && spawnSync(pinnedNode, ['--version']).status === 0) return pinnedNode
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath
  return fail(`Node ${process.versions.node} is too old and the pinned one does not run here -> install Node 24`)
}

/**
 * Goes on in another process. It gets a session of its own, so that signals reach it through us alone and once, and a
 * channel, by whose end it learns that we were killed.
 */
function hand(file, args) {
  const child = spawn(file, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], detached: true })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => fail(`${file} cannot be run: ${error.message}`))
  child.once('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}

const parts = {
  start: { file: 'scripts/platform.ts', name: 'runPlatform' },
  test: { file: 'scripts/test.ts', name: 'runTests' },
  run: { file: 'scripts/run.ts', name: 'runFile' },
}

const load = (file) => import(pathToFileURL(join(repository, file)).href)

async function main() {
  const [mode, ...rest] = process.argv.slice(2)
  const args = rest[0] === '--' ? rest.slice(1) : rest
  const takesFile = mode === 'run' || mode === 'exec'
  if (!takesFile && mode !== 'start' && mode !== 'test') fail(usage)
  if (takesFile && args[0] === undefined) fail(usage)
  if (takesFile && !existsSync(args[0])) fail(`there is no file ${args[0]} -> ${usage}`)

  await install(mode === 'test')
  const node = chooseNode()
  process.env.NODE_COMPILE_CACHE ??= join(repository, '.contrail', 'compile-cache')
  if (mode === 'exec') return hand(node, [resolve(args[0]), ...args.slice(1)])
  if (node !== process.execPath) return hand(node, [script, mode, ...args])
  nodeModule.enableCompileCache?.(process.env.NODE_COMPILE_CACHE)
  try {
    const { file, name } = parts[mode]
    await (await load(file))[name](args)
  } catch (error) {
    const { faultText } = await load('scripts/services/faults.ts')
    console.error(faultText(error))
    process.exit(1)
  }
}

await main()
