/** Preloaded beside usage.mjs: on exit it prints the peaks of heap, buffers and WebAssembly memory as a last line. */
const peak = { heap: 0, buffers: 0, wasm: 0 }
const memories = []

// The engine keeps its memory to itself, so it is caught where the module comes to life. It never shrinks.
const { instantiate } = WebAssembly
WebAssembly.instantiate = async (...args) => {
  const result = await instantiate(...args)
  const { exports } = result.instance ?? result
  memories.push(...Object.values(exports).filter((value) => value instanceof WebAssembly.Memory))
  return result
}

function look() {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  peak.heap = Math.max(peak.heap, heapUsed)
  peak.buffers = Math.max(peak.buffers, arrayBuffers)
  peak.wasm = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
}
setInterval(look, 10).unref()
process.on('exit', () => {
  look()
  process.stdout.write(`${JSON.stringify(peak)}\n`)
})
