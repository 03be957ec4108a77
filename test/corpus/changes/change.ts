import type { Editor } from '../tree.ts'

/** What a later release emits otherwise, as an edit of what the earlier one emitted. A moved file keeps its id. */
export interface TemplateChange {
  title: string
  edit(release: Editor): unknown
}
