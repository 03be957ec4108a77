import type { TemplateChange } from './change.ts'
import { large } from './large.ts'
import { small } from './small.ts'

export type { TemplateChange }

export const CHANGES: readonly TemplateChange[] = [...small, ...large]
