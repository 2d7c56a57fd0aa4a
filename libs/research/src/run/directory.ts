import path from 'node:path'

/** `<home>/runs`, or what CONTRAIL_RUNS_DIR says. */
export const runsDirectory = (home: string, env: Readonly<Record<string, string | undefined>> = {}): string =>
  path.resolve(env['CONTRAIL_RUNS_DIR'] ?? path.join(home, 'runs'))
