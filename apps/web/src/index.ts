export { buildWeb, INITIAL_GZIP_BYTES_MAX } from './build.ts'
export type { WebBuild } from './build.ts'
