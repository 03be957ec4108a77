import { describe, expect, it } from 'vitest'
import { mergeJson } from './merge-json.ts'
import { mergeLines } from './merge-lines.ts'
import { mergePackage } from './merge-package.ts'

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
const merged = (ours: unknown, base: unknown, theirs: unknown) => {
  const { text, ...rest } = mergePackage(json(ours), base === undefined ? undefined : json(base), json(theirs))
  return { value: JSON.parse(text), ...rest }
}

describe('a package.json', () => {
  it('gets the template’s scripts and versions, and keeps every one of the user’s', () => {
    const base = { name: 'x', scripts: { dev: 'a', test: 't' }, dependencies: { hono: '^4.0.0' } }
    const ours = {
      ...base,
      name: 'mine',
      scripts: { dev: 'mine', test: 't', lint: 'l' },
      dependencies: { hono: '^4.0.0', zod: '3' },
    }
    const theirs = {
      name: 'x',
      scripts: { dev: 'a', build: 'b', test: 't2' },
      dependencies: { hono: '^4.5.0', extra: '1' },
    }
    expect(merged(ours, base, theirs)).toEqual({
      value: {
        name: 'mine',
        scripts: { dev: 'mine', build: 'b', test: 't2', lint: 'l' },
        dependencies: { hono: '^4.5.0', extra: '1', zod: '3' },
      },
      conflicts: [],
      notes: [],
    })
  })

  it.each([
    ['^4.1.0', '^4.2.0', '^4.2.0'],
    ['^5.0.0', '^4.2.0', '^5.0.0'],
    ['4.10.0', '~4.9.1', '4.10.0'],
    ['>=20.12', '>=22', '>=22'],
    ['2.0.0-rc.1', '2.0.0', '2.0.0'],
    ['2.0.0-rc.10', '2.0.0-rc.9', '2.0.0-rc.10'],
  ])('of two changed versions %s and %s it takes the one with the higher lower bound', (a, b, expected) => {
    const of = (hono: string) => ({ dependencies: { hono } })
    expect(merged(of(a), of('1.0.0'), of(b))).toMatchObject({ value: of(expected), conflicts: [] })
  })

  it.each(['workspace:*', 'github:me/hono', '^4 || ^5', 'latest'])('%s cannot be compared: a conflict', (range) => {
    const of = (hono: string) => ({ dependencies: { hono } })
    expect(merged(of(range), of('1.0.0'), of('2.0.0'))).toMatchObject({
      value: of(range),
      conflicts: [{ key: 'dependencies.hono', ours: range, theirs: '2.0.0' }],
    })
  })

  it('what the user removed stays removed, and what the template dropped goes unless they changed it', () => {
    const base = { dependencies: { a: '1.0.0', b: '1.0.0', c: '1.0.0' } }
    const { value, notes } = merged({ dependencies: { b: '1.0.0', c: '1.5.0' } }, base, {
      dependencies: { a: '2.0.0' },
    })
    expect(value).toEqual({ dependencies: { c: '1.5.0' } })
    expect(notes).toEqual([
      'dependencies.a was removed by you; the template changed it',
      'dependencies.c is gone from the template; your changed one stays',
    ])
  })

  it('a script that both added in different ways is a conflict, and named', () => {
    expect(
      merged({ scripts: { report: 'mine' } }, { scripts: {} }, { scripts: { report: 'theirs' } }).conflicts,
    ).toEqual([{ key: 'scripts.report', ours: 'mine', theirs: 'theirs' }])
  })

  it('keys of any name are data', () => {
    const ours = '{\n  "__proto__": {"mine": 1},\n  "toString": "a"\n}\n'
    const { text } = mergePackage(ours, '{"toString": "a"}', '{"toString": "b", "constructor": "2"}')
    expect(text).toContain('"__proto__": {"mine": 1}')
    expect(JSON.parse(text)).toMatchObject({ toString: 'b', constructor: '2' })
    expect(({} as { mine?: number }).mine).toBeUndefined()
  })

  it('keeps the user’s indentation, order, line endings and byte order mark', () => {
    const ours = '\uFEFF{\r\n\t"b": 1,\r\n\t"a": { "x": 1 }\r\n}'
    expect(mergePackage(ours, '{"a":{"x":1},"b":1}', '{"a":{"x":2},"b":1,"c":[1]}').text).toBe(
      '\uFEFF{\r\n\t"b": 1,\r\n\t"c": [\r\n\t\t1\r\n\t],\r\n\t"a": { "x": 2 }\r\n}',
    )
  })
})

describe('JSON with comments', () => {
  it('keeps comments and trailing commas, and merges lists item by item', () => {
    const ours = `{
  // where it runs
  "main": "src/worker.ts",
  "triggers": { "crons": ["*/5 * * * *", "0 0 * * *"] }, /* mine: midnight */
  "r2_buckets": [
    // renamed by me
    { "binding": "LOGS", "bucket_name": "mine" },
  ],
}
`
    const base =
      '{"main":"src/worker.ts","triggers":{"crons":["*/5 * * * *"]},"r2_buckets":[{"binding":"LOGS","bucket_name":"x"}]}'
    const theirs =
      '{"main":"src/worker/index.ts","triggers":{"crons":["*/5 * * * *","7 * * * *"]},"r2_buckets":[{"binding":"LOGS","bucket_name":"x"},{"binding":"LAKE","bucket_name":"y"}]}'
    const { text, conflicts } = mergeJson(ours, base, theirs)
    expect(conflicts).toEqual([])
    for (const kept of [
      '// where it runs',
      '/* mine: midnight */',
      '// renamed by me',
      '"bucket_name": "mine"',
      '0 0 * * *',
    ])
      expect(text).toContain(kept)
    for (const come of ['src/worker/index.ts', '7 * * * *', '"LAKE"']) expect(text).toContain(come)
  })

  it('says in which line a file is no JSON', () => {
    expect(() => mergeJson('{\n  "a": 1\n  "b": 2\n}', '{}', '{"a":2}')).toThrow(/^line 3: /)
  })

  it('without a base both sides count as new: equal keys with other values conflict', () => {
    const { text, conflicts } = mergeJson('{"a":1,"b":2}', undefined, '{"a":1,"b":3,"c":4}')
    expect(JSON.parse(text)).toEqual({ a: 1, b: 2, c: 4 })
    expect(conflicts).toEqual([{ key: 'b', ours: 2, theirs: 3 }])
  })
})

describe('a list of lines', () => {
  it('gets what the template added, loses what it dropped, and keeps the rest in its order', () => {
    expect(mergeLines('# mine\nnode_modules/\n*.log\nold/\n', 'node_modules/\nold/\n', 'node_modules/\n/lake/\n')).toBe(
      '# mine\nnode_modules/\n*.log\n/lake/\n',
    )
  })

  it('keeps CRLF and ends a line that had no ending', () => {
    expect(mergeLines('a\r\nb\r\nmine', 'a\nb\n', 'a\nb\nc\n')).toBe('a\r\nb\r\nmine\r\nc\r\n')
  })
})
