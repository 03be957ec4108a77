import type { Check } from '../doctor.ts'
import { checkConditions } from './conditions.ts'
import { checkLifecycle } from './lifecycle.ts'

export const checkStore: Check = async function* (patient) {
  yield* checkConditions(patient)
  yield* checkLifecycle(patient)
}
