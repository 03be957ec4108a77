import type { Column } from '../types.ts'

/**
 * Your own columns. One line here is all it takes: new fragments carry the column, older files read as NULL.
 *
 *   { name: 'region', type: 'VARCHAR', value: (entry) => entry.dimensions?.region },
 *
 * Types: VARCHAR, INTEGER, BIGINT, DOUBLE, BOOLEAN, TIMESTAMP (milliseconds since the epoch).
 */
export const customColumns: readonly Column[] = []
