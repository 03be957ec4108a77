import { loseAtEveryCall } from './every-call.ts'

loseAtEveryCall(12)
