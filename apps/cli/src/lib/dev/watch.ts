import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import path from 'node:path'

/** An editor writes in several steps; they are one change. ms */
const QUIET_MS = 8

/** Says when one of some files has changed. Folders are watched, because an editor may put a new file in its place. */
export class FilesWatch {
  readonly #onChange: () => void
  readonly #folders = new Map<string, FSWatcher>()
  #files: ReadonlySet<string> = new Set()
  #timer: NodeJS.Timeout | undefined

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  set(files: readonly string[]): void {
    this.#files = new Set(files)
    const wanted = new Set(files.map((file) => path.dirname(file)))
    for (const [folder, watcher] of this.#folders)
      if (!wanted.has(folder)) {
        watcher.close()
        this.#folders.delete(folder)
      }
    for (const folder of wanted)
      if (!this.#folders.has(folder))
        this.#folders.set(
          folder,
          watch(folder, (_, name) => this.#seen(folder, name)),
        )
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const watcher of this.#folders.values()) watcher.close()
    this.#folders.clear()
  }

  #seen(folder: string, name: string | null): void {
    if (name !== null && !this.#files.has(path.join(folder, name))) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#onChange, QUIET_MS)
  }
}
