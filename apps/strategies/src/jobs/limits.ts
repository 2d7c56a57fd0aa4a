/** Limits of the research jobs of one service. */
export type JobLimits = {
  /** Run at once: one a core. */
  readonly slots: number
  /** Jobs that may wait. */
  readonly queuedMax: number
  /** A job that runs longer is stopped and keeps what it has. */
  readonly secondsMax: number
  /** Rows of market data that one job may read. */
  readonly rowsMax: number
  /** A process that says nothing for so long counts as dead: its job is taken up by another, ms. */
  readonly leaseMs: number
}

/** How often a job is taken up before it is given up. */
export const ATTEMPTS_MAX = 3
/** Between being asked to stop and being ended, ms. */
export const STOP_GRACE_MS = 20_000
/** Jobs that are over are forgotten beyond these; their runs stay. */
export const JOBS_KEPT_MAX = 10_000
/** Memory of the process of a job, MB; columns of market data lie outside of it. */
export const HEAP_MB_MAX = 2_048
