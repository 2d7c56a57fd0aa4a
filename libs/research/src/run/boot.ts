/** A module that a thread runs, and the folder where V8 keeps what it has compiled of it; undefined: nowhere. */
export type Boot = { readonly program: string; readonly compiled: string | undefined }

/** What such a thread begins with: it does not take over from the other threads that anything is kept. */
export const BOOT = `const { boot } = require('node:worker_threads').workerData
if (boot.compiled) require('node:module').enableCompileCache(boot.compiled)
import(boot.program)`
