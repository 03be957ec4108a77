export { checkConditions as checkStore } from './conditions.ts'
