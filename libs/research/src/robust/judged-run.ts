import type { RobustnessSection } from '../report/sections.ts'
import { performRun } from '../run/perform.ts'
import { renderRun } from '../run/render-run.ts'
import { attachSections } from '../run/store.ts'
import type { RunOptions, RunOutcome, RunRequest } from '../run/types.ts'

/** A run with studies that were made of it, in one report. */
export async function judgedRun(
  request: RunRequest,
  sections: readonly RobustnessSection[],
  options: RunOptions & { readonly directory: string },
): Promise<RunOutcome & { readonly report: string | undefined }> {
  const outcome = await performRun(request, { ...options, report: false })
  const { folder, record } = outcome
  if (folder === undefined) return { ...outcome, report: undefined }
  await attachSections(folder, sections)
  if (options.report === false) return { ...outcome, report: undefined }
  const { file } = await renderRun(options.directory, record.id)
  return { ...outcome, report: file }
}
