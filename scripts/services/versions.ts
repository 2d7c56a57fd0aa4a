export type Version = { major: number; minor: number; patch: number; text: string }

/** The first version number in what a program says of itself: 'nats-server: v2.15.1', 'Redis server v=7.0.15 sha=…'. */
export function parseVersion(output: string): Version | undefined {
  const found = /(?:^|[\s=v])(\d+)\.(\d+)(?:\.(\d+))?/.exec(output)
  if (found === null) return undefined
  const [, major = '0', minor = '0', patch] = found
  const text = patch === undefined ? `${major}.${minor}` : `${major}.${minor}.${patch}`
  return { major: Number(major), minor: Number(minor), patch: Number(patch ?? 0), text }
}

export function atLeast(version: Version, least: { major: number; minor: number }): boolean {
  if (version.major !== least.major) return version.major > least.major
  return version.minor >= least.minor
}
