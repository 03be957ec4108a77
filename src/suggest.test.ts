import { describe, expect, it } from 'vitest'
import { nearest } from './suggest.ts'

describe('nearest', () => {
  const known = ['runtime', 'storage', 'granularity', 'no-install', 'node']

  it('finds the word behind a slip of the finger', () => {
    expect(nearest('runtme', known)).toBe('runtime')
    expect(nearest('storgae', known)).toBe('storage')
    expect(nearest('NODE', known)).toBe('node')
    expect(nearest('gran', known)).toBe('granularity')
  })

  it('suggests nothing where nothing is near', () => {
    expect(nearest('cloudflare', known)).toBeUndefined()
    expect(nearest('x', known)).toBeUndefined()
  })
})
