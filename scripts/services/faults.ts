export type FaultCode =
  | 'bad_option'
  | 'corrupt_data'
  | 'disk_full'
  | 'locked'
  | 'missing_binary'
  | 'not_permitted'
  | 'port_in_use'
  | 'start_failed'
  | 'unreachable'
  | 'wrong_password'

/** A failure to start that a person can mend: what is wrong and what to do, in one line. */
export class BootFault extends Error {
  readonly code: FaultCode
  readonly mend: string

  constructor(code: FaultCode, what: string, mend: string, cause?: unknown) {
    super(what, { cause })
    this.code = code
    this.mend = mend
  }
}

const systemFaults: Record<string, { code: FaultCode; what: string; mend: string }> = {
  ENOSPC: { code: 'disk_full', what: 'the disk is full', mend: 'free some space and start again' },
  EDQUOT: { code: 'disk_full', what: 'the disk quota is used up', mend: 'free some space and start again' },
  EACCES: { code: 'not_permitted', what: 'no permission', mend: 'make the folder writable for this user' },
  EPERM: { code: 'not_permitted', what: 'no permission', mend: 'make the folder writable for this user' },
  EROFS: {
    code: 'not_permitted',
    what: 'the file system is read-only',
    mend: 'set CONTRAIL_HOME to a writable folder',
  },
  EADDRINUSE: { code: 'port_in_use', what: 'the port is in use', mend: 'stop what uses it or choose another port' },
}

/** The fault behind an error of the operating system, or undefined: then it is a bug and wants its stack. */
export function asFault(error: unknown): BootFault | undefined {
  if (error instanceof BootFault) return error
  if (!(error instanceof Error) || !('code' in error)) return undefined
  const known = systemFaults[String(error.code)]
  if (known === undefined) return undefined
  const where = 'path' in error ? ` (${String(error.path)})` : ''
  return new BootFault(known.code, known.what + where, known.mend, error)
}

/** What to print when a start fails. */
export function faultText(error: unknown): string {
  const fault = asFault(error)
  if (fault !== undefined) return `contrail: ${fault.message} -> ${fault.mend}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
