import path from 'node:path'
import { bundleModule } from '@contrail/runtime/bundle'
import { styleText } from './render.ts'
import type { PageParts } from './render.ts'

let made: Promise<PageParts> | undefined

/** Made once a process: the page's script with everything it imports. */
export function pageParts(): Promise<PageParts> {
  made ??= bundleModule(path.join(import.meta.dirname, 'page/main.ts')).then(({ text }) => ({
    script: text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, ''),
    style: styleText(),
  }))
  return made
}
