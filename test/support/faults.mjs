// Preloaded into the built command (NODE_OPTIONS=--import): makes the n-th call of a node:fs function fail or stall.
// FAULT is `function:n:ENOSPC` to fail as the system would, `function:n:stall` to block for a while and say so, or
// `function:n:kill` to end the process there as SIGKILL does; several of them are separated by commas.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

for (const fault of process.env.FAULT.split(',')) {
  const [name, nth, what] = fault.split(':')
  const real = fs[name]
  let calls = 0
  fs[name] = (...args) => {
    if (++calls === Number(nth)) {
      if (what === 'kill') process.kill(process.pid, 'SIGKILL')
      if (what !== 'stall') throw Object.assign(new Error(`${what}: injected, ${name} '${args[0]}'`), { code: what })
      process.stderr.write('stalled\n')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
    }
    return real(...args)
  }
}
syncBuiltinESMExports()
