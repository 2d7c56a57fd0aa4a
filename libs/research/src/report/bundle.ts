import path from 'node:path'
import { made } from '../run/made.ts'
import { STYLES, styleText } from './style.ts'

/** The page's script, and the styles: read once. The script is plain JavaScript that has been bundled before. */
export type PageParts = { readonly script: string; readonly style: string }

let parts: Promise<PageParts> | undefined

/** Made once a process, and with a `cache` once for as long as its files stay as they are. */
export function pageParts(cache?: string): Promise<PageParts> {
  parts ??= cache === undefined ? make().then(({ value }) => value) : made(cache, ['page', import.meta.filename], make)
  return parts
}

async function make(): Promise<{ value: PageParts; inputs: readonly string[] }> {
  const { bundleWithInputs } = await import('@contrail/runtime/bundle')
  const { text, inputs } = await bundleWithInputs(path.join(import.meta.dirname, 'page/main.ts'))
  const script = text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '')
  return { value: { script, style: styleText() }, inputs: [...inputs, ...STYLES] }
}
