import { createGateway } from './gateway.ts'

/** The example gateway as a Worker. The policy prints its lines to the console, from where Logpush takes them. */
export default createGateway({})
