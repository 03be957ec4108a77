import type { PipelineSettings } from './worker/pipeline.ts'

/** The values of `analytics.config.ts`, as they stand after the flags. What the Worker runs is in worker/pipeline.ts. */
export interface Settings extends PipelineSettings {
  lake: string
  keep: string
}
