import { describeDev } from './dev.ts'

describeDev('cron')
