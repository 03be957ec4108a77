export { analyticsLog } from './policy/analytics.ts'
export { createProcessor } from './processor/index.ts'
export { columns, SCHEMA_VERSION } from './schema.ts'
export type * from './types.ts'
