import { createHash, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Halted } from '@contrail/runtime'
import type { ObjectStore } from '@contrail/runtime'
import type { StrategyDefinition } from '@contrail/trading'

/**
 * Strategy code by hash. The engine imports nothing but bundles, its own worked strategies included, so that the hash in
 * a decision names all the code of its author. Code runs inside the worker: a handler that never returns stops this
 * worker (its actors are taken over when its heartbeat ends) and nothing guards against that yet.
 */
export class Bundles {
  readonly #store: ObjectStore
  readonly #folder: string
  readonly #private: boolean
  readonly #loaded = new Map<string, Promise<StrategyDefinition>>()

  private constructor(store: ObjectStore, folder: string, isPrivate: boolean) {
    this.#store = store
    this.#folder = folder
    this.#private = isPrivate
  }

  static async open(store: ObjectStore, cacheDir: string | undefined): Promise<Bundles> {
    // What a strategy throws names its author's file and line.
    process.setSourceMapsEnabled(true)
    if (cacheDir === undefined) return new Bundles(store, await mkdtemp(path.join(tmpdir(), 'contrail-bundles-')), true)
    await mkdir(cacheDir, { recursive: true, mode: 0o700 })
    return new Bundles(store, path.resolve(cacheDir), false)
  }

  /** The default export of the bundle. A failure to fetch it may pass; anything wrong with it does not. */
  definition(hash: string): Promise<StrategyDefinition> {
    const known = this.#loaded.get(hash)
    if (known) return known
    const loading = this.#load(hash)
    this.#loaded.set(hash, loading)
    loading.catch(() => this.#loaded.delete(hash))
    return loading
  }

  async close(): Promise<void> {
    if (this.#private) await rm(this.#folder, { recursive: true, force: true })
  }

  async #load(hash: string): Promise<StrategyDefinition> {
    if (!/^[0-9a-f]{64}$/.test(hash)) throw new Halted(`the code hash "${hash}" is not a SHA-256`)
    const file = path.join(this.#folder, `${hash}.mjs`)
    await this.#fetch(hash, file)
    let module: { default?: StrategyDefinition }
    try {
      module = (await import(pathToFileURL(file).href)) as typeof module
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause)
      throw new Halted(`bundle ${hash.slice(0, 12)} does not load: ${text}`, { cause })
    }
    if (typeof module.default?.inputs !== 'function' || typeof module.default.state !== 'function')
      throw new Halted(`bundle ${hash.slice(0, 12)} has no strategy as its default export: use defineStrategy`)
    return module.default
  }

  /** The file is there, and its bytes are what the hash says. */
  async #fetch(hash: string, file: string): Promise<void> {
    const there = await readFile(file).catch(() => undefined)
    if (there && hashOf(there) === hash) return
    const data = await this.#store.get(hash)
    if (!data) throw new Halted(`bundle ${hash.slice(0, 12)} is not in the store: deploy the strategy again`)
    const found = hashOf(data)
    if (found !== hash)
      throw new Halted(`bundle ${hash.slice(0, 12)} has the hash ${found.slice(0, 12)}: it is not run`)
    const part = `${file}.${randomUUID()}`
    await writeFile(part, data, { mode: 0o600 })
    await rename(part, file)
  }
}

const hashOf = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')
