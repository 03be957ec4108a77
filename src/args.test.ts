import { describe, expect, it } from 'vitest'
import { parseCreateArgs } from './args.ts'

const parse = (line: string) => parseCreateArgs(line.split(' ').filter(Boolean))

describe('parseCreateArgs', () => {
  it('reads every flag, in either spelling and any order', () => {
    const { dir, given, on } = parse(
      '--runtime=bun x/my-app --max-entries 5_000 --no-install --git -y --json --pm pnpm',
    )
    expect(dir).toBe('x/my-app')
    expect(given).toEqual({ runtime: 'bun', maxEntries: 5000, install: false, git: true, pm: 'pnpm' })
    expect([...on]).toEqual(['yes', 'json'])
  })

  it('takes what follows -- as the folder', () => {
    expect(parse('--yes -- --odd').dir).toBe('--odd')
  })

  it.each([
    ['an unknown flag', '--runtim node', /Unknown flag --runtim\. Did you mean --runtime/],
    ['a flag of a later release', '--alerts', /Unknown flag --alerts/],
    ['an unknown short flag', '-x', /Unknown flag -x/],
    ['a long flag with one dash', '-runtime node', /Did you mean --runtime/],
    ['--no- before what cannot be negated', '--no-runtime', /Unknown flag --no-runtime/],
    ['--no- before a switch', '--no-yes', /Unknown flag --no-yes/],
    ['a prototype property', '--constructor', /Unknown flag/],
    ['an unknown value', '--runtime nodo', /"nodo" does not exist in this release\. Did you mean node/],
    ['a value of a later release', '--storage gcs', /"gcs" does not exist in this release/],
    ['a value in capitals', '--runtime NODE', /Did you mean node/],
    ['a missing value', '--runtime', /--runtime needs a value/],
    ['a flag in place of a value', '--runtime --yes', /--runtime needs a value/],
    ['an empty value', '--runtime=', /--runtime needs a value/],
    ['--install false', '--install false', /--install takes no value \(false\)/],
    ['--install=false', '--install=false', /--install takes no value/],
    ['--yes=true', '--yes=true', /--yes takes no value/],
    ['a flag given twice', '--runtime node --runtime bun', /given twice/],
    ['a flag and its opposite', '--git --no-git', /given twice/],
    ['a second folder', 'one two', /Unexpected argument "two"/],
    ['a number that is none', '--max-entries many', /whole number/],
    ['zero', '--max-entries 0', /whole number from 1/],
    ['a negative number', '--max-entries -5', /whole number/],
    ['a fraction', '--max-entries 1.5', /whole number/],
    ['too large a number', '--max-entries 10000001', /to 10000000/],
  ])('refuses %s', (_, line, message) => {
    expect(() => parse(line)).toThrow(expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }))
  })

  it('names the values that exist now', () => {
    expect(() => parse('--parquet arrow')).toThrow(expect.objectContaining({ hint: expect.stringContaining('ndjson') }))
  })

  it('sees a mistyped command', () => {
    expect(() => parse('crate my-app')).toThrow(expect.objectContaining({ hint: expect.stringContaining('create') }))
  })
})
