import { describe, expect, it } from 'vitest'
import { appendMissingLines } from './target.ts'

describe('appendMissingLines', () => {
  const ours = 'node_modules/\n/lake/\n'

  it('keeps every byte of theirs and adds what is missing', () => {
    expect(appendMissingLines('# mine\n/lake/\n!keep\n', ours)).toBe('# mine\n/lake/\n!keep\nnode_modules/\n')
  })

  it('keeps their line endings', () => {
    expect(appendMissingLines('dist\r\n', ours)).toBe('dist\r\nnode_modules/\r\n/lake/\r\n')
  })

  it('ends a last line that had no end', () => {
    expect(appendMissingLines('dist', ours)).toBe('dist\nnode_modules/\n/lake/\n')
  })

  it('changes nothing where nothing is missing', () => {
    expect(appendMissingLines(' /lake/ \nnode_modules/', ours)).toBe(' /lake/ \nnode_modules/')
  })
})
