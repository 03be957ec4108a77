import type { ManifestFile } from '../manifest.ts'

/** What lies at a path of the project. */
export type OnDisk =
  | { kind: 'missing' }
  | {
      kind: 'file'
      bytes: Uint8Array /** Undefined for bytes that are no text. */
      text: string | undefined
      isExecutable: boolean
    }
  | { kind: 'blocked' /** Such as `a symbolic link`. */; what: string }

/** Looks at the project; pure for as long as the plan is being made. */
export type Look = (path: string) => OnDisk

/** What to do where both sides changed the same place. */
export type ConflictHabit = 'sidecar' | 'markers' | 'ours' | 'theirs' | 'fail'

/** Why the user's version stays. */
export type Kept =
  /** The template has nothing new for it. */
  | 'edited'
  /** Written once, then the user's. */
  | 'seed'
  | 'ejected'
  | 'deleted'
  /** Gone from the template, and edited: what used it may be gone as well. */
  | 'dropped'
  /** A new file of the user's own kind, where they have one already. */
  | 'occupied'

export interface Place {
  /** In the user's file, counted from 1. */
  line?: number
  /** Of a JSON file, such as `scripts.dev`. */
  key?: string
}

interface Common {
  id: string
  /** Where the file lies once the plan is carried out. */
  path: string
  /** What the next manifest says of it; null where it is no file of ours any more. */
  entry: ManifestFile | null
}

interface Written extends Common {
  text: string
  mode: '644' | '755'
  /** Where it lies now, if the template moved it. */
  from?: string
}

export type FilePlan =
  | (Common & { kind: 'unchanged' })
  | (Common & { kind: 'kept'; why: Kept /** The template changed it meanwhile. */; isNews: boolean; notes?: string[] })
  | (Written & { kind: 'created' })
  | (Written & { kind: 'updated' })
  | (Written & {
      kind: 'merged'
      notes: string[] /** Places where both changed, and the habit decided. */
      settled: number
    })
  | (Common & { kind: 'removed' })
  | Conflict
  | (Common & { kind: 'blocked'; why: string; hint: string })

export interface Conflict extends Common {
  kind: 'conflict'
  why: string
  places: Place[]
  /** The user's version, as it lies on disk. Undefined where there is no text. */
  ours: string | undefined
  /** Undefined where nothing was emitted there before. */
  base: string | undefined
  theirs: string
  /** What could be merged, with markers or the user's values where it could not. */
  merged: string | undefined
  /** Write `merged`, with its markers, over the user's file. */
  writesMarkers: boolean
  mode: '644' | '755'
}

export type Kind = FilePlan['kind']
