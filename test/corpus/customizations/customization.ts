import type { Editor } from '../tree.ts'

/** What somebody made of the project they own. */
export interface Customization {
  /** Like the title of the commit it would be. */
  title: string
  edit(project: Editor): unknown
  /** Ids of the files that `eject` took out of the hands of later upgrades. */
  ejected?: readonly string[]
}
