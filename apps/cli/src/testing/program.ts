import { execFile } from 'node:child_process'
import path from 'node:path'

export const program = path.resolve(import.meta.dirname, '../../bin/contrail.mjs')
export type Said = { readonly code: number; readonly out: string; readonly err: string }

const OUT_BYTES_MAX = 1e8

/** The command as a user runs it, in a process of its own; of our environment it sees nothing but PATH. */
export function contrailWith(settings: Readonly<Record<string, string>>, args: readonly string[]): Promise<Said> {
  const env = { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', ...settings }
  return new Promise((resolve) =>
    execFile(process.execPath, [program, ...args], { env, maxBuffer: OUT_BYTES_MAX }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    ),
  )
}
