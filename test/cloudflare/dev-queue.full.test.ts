import { describeDev } from './dev.ts'

describeDev('queue', '--trigger', 'queue')
