import type { Customization } from './customization.ts'
import { data } from './data.ts'
import { gateway } from './gateway.ts'
import { house } from './house.ts'
import { jobs } from './jobs.ts'
import { storage } from './storage.ts'

export type { Customization }

export const CUSTOMIZATIONS: readonly Customization[] = [...data, ...gateway, ...storage, ...jobs, ...house]
