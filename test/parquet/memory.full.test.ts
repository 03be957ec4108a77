import { expect, it } from 'vitest'
import { ALL_TYPES, write } from './helpers.ts'

interface Instantiated {
  instance: { exports: Record<string, unknown> }
}
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    instantiate: (...args: unknown[]) => Promise<Instantiated>
    Memory: { new (): { buffer: ArrayBuffer } }
  }
}

it('needs no more memory for 200 batches than for a few', async () => {
  // The engine keeps its memory to itself, so it is caught where the module comes to life.
  let memory: { buffer: ArrayBuffer } | undefined
  const { instantiate } = WebAssembly
  WebAssembly.instantiate = async (...args) => {
    const result = await instantiate(...args)
    for (const it of Object.values(result.instance.exports)) if (it instanceof WebAssembly.Memory) memory = it
    return result
  }
  const rows = Array.from({ length: 4000 }, (_, i) => ({ timestamp: i, text: `${i} ${'x'.repeat(100)}`, real: i / 3 }))
  const sizes: number[] = []
  for (let batch = 0; batch < 200; batch++) {
    await write(ALL_TYPES, rows, { batch: String(batch) })
    sizes.push(memory?.buffer.byteLength ?? 0)
  }
  WebAssembly.instantiate = instantiate
  expect(sizes[0]).toBeGreaterThan(0)
  expect(sizes.at(-1)).toBe(sizes[20])
})
