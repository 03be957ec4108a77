import { describe, expect, it } from 'vitest'
import { planMerge } from './row-groups.ts'

const LIMIT = { rows: 100, bytes: 1000, copyRows: 50 }
const piece = (from: number, rows: number, more = {}) => ({ from, rows, bytes: rows, copyable: true, ...more })

/** Each row group of the plan as the start times of its pieces. */
const plan = (pieces: ReturnType<typeof piece>[]) =>
  planMerge(pieces, LIMIT).map((group) => group.map(({ from }) => from))

describe('the plan of a merge', () => {
  it('leaves row groups alone that are at least half full', () => {
    expect(plan([piece(2, 50), piece(1, 100), piece(3, 400)])).toEqual([[1], [2], [3]])
  })

  it('gathers small row groups in the order of time', () => {
    expect(plan([piece(4, 40), piece(1, 40), piece(3, 40), piece(2, 40), piece(5, 1)])).toEqual([
      [1, 2, 3],
      [4, 5],
    ])
  })

  it('lets late rows gather across the large row groups they fall into', () => {
    expect(plan([piece(0, 90), piece(1, 5), piece(10, 90), piece(11, 5)])).toEqual([[0], [1, 11], [10]])
  })

  it('closes a row group that is half full before a large one, so that they do not overlap', () => {
    expect(plan([piece(0, 30), piece(1, 30), piece(2, 90), piece(3, 30), piece(4, 30)])).toEqual([[0, 1], [2], [3, 4]])
  })

  it('bounds a row group by its bytes as well', () => {
    expect(plan([piece(0, 10, { bytes: 450 }), piece(1, 10, { bytes: 450 }), piece(2, 10, { bytes: 450 })])).toEqual([
      [0, 1],
      [2],
    ])
    expect(plan([piece(0, 10, { bytes: 500 }), piece(1, 10)])).toEqual([[0], [1]])
  })

  it('never gathers more than one and a half row groups, old schemas included', () => {
    const old = { copyable: false }
    expect(plan([piece(0, 90), piece(1, 70, old), piece(2, 90, old), piece(3, 40)])).toEqual([[0], [1], [2, 3]])
  })
})
