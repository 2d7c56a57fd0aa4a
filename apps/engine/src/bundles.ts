import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Refusal } from '@contrail/contracts'
import { Halted } from '@contrail/runtime'
import { getBundle, linesBefore, partsOf } from '@contrail/runtime/bundle'
import type { ObjectStore } from '@contrail/runtime'
import type { StrategyDefinition } from '@contrail/trading'

/**
 * Strategy code by hash. The engine imports nothing but bundles, its own worked strategies included, so that the hash in
 * a decision names all the code of its author. Code runs inside the worker: a handler that never returns stops this
 * worker (its actors are taken over when its heartbeat ends) and nothing guards against that yet.
 */
export class Bundles {
  readonly #store: ObjectStore
  readonly folder: string
  readonly #private: boolean
  readonly #written = new Set<string>()
  readonly #loaded = new Map<string, Promise<StrategyDefinition>>()

  private constructor(store: ObjectStore, folder: string, isPrivate: boolean) {
    this.#store = store
    this.folder = folder
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
    if (this.#private) await rm(this.folder, { recursive: true, force: true })
  }

  async #load(hash: string): Promise<StrategyDefinition> {
    if (!/^[0-9a-f]{64}$/.test(hash)) throw new Halted(`the code hash "${hash}" is not a SHA-256`)
    const file = await this.#fetch(hash)
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

  /** A file to import. What bundles share is a file of its own, so that a worker loads it once for all of them. */
  async #fetch(hash: string): Promise<string> {
    const text = await this.#download(hash)
    const parts = partsOf(text)
    const file = path.join(this.folder, `${hash}.mjs`)
    if (!parts) return await this.#write(file, text)
    const shared = path.join(this.folder, `shared-${parts.sharedHash}.mjs`)
    if (!this.#written.has(shared)) await this.#write(shared, `${parts.shared}\nexport{$shared}`)
    this.#written.add(shared)
    const above = '\n'.repeat(linesBefore(parts.shared))
    return await this.#write(file, `import{$shared}from"./${path.basename(shared)}"${above}${parts.author}`)
  }

  async #download(hash: string): Promise<string> {
    let text: string | undefined
    try {
      text = await getBundle(this.#store, hash)
    } catch (error) {
      if (error instanceof Refusal && error.code === 'forged_bundle')
        throw new Halted(`bundle ${hash.slice(0, 12)} has the hash ${error.value.replaceAll('"', '')}: it is not run`)
      throw error
    }
    if (text === undefined)
      throw new Halted(`bundle ${hash.slice(0, 12)} is not in the store: deploy the strategy again`)
    return text
  }

  async #write(file: string, text: string): Promise<string> {
    const part = `${file}.${randomUUID()}`
    await writeFile(part, text, { mode: 0o600 })
    await rename(part, file)
    return file
  }
}
