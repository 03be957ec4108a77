/**
 * Memory for the values of a column chunk while it is encoded. The next chunk uses it again, since encoding never waits:
 * fresh arrays for each would be most of what a run allocates. What one of these gives is good until it is asked again.
 */
function scratch<T extends { length: number; subarray(start: number, end: number): T }>(
  allocate: (length: number) => T,
) {
  let memory = allocate(0)
  return (length: number): T => {
    if (memory.length < length) memory = allocate(Math.ceil(length * 1.25))
    return memory.subarray(0, length)
  }
}

export const scratchCodes = scratch((length) => new Int32Array(length))
export const scratchSlots = scratch((length) => new Int32Array(length))
export const scratchNumbers = scratch((length) => new Float64Array(length))
export const scratchDifferent = scratch((length) => new Float64Array(length))
export const scratchOrder = scratch((length) => new Uint32Array(length))
export const scratchFlags = scratch((length) => new Uint8Array(length))

/** The same values in twice the memory. */
export function grown<T extends Int32Array | Float64Array>(values: T): T {
  const larger = new (values.constructor as new (length: number) => T)(values.length * 2)
  larger.set(values)
  return larger
}
