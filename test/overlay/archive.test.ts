import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { BOUNDS, readArchive } from '../../src/overlay/archive.ts'
import { type Entry, paxRecord, tar, template, tgz } from './tars.ts'

const COMMIT = 'c0ffee'.repeat(7).slice(0, 40)
const long = `src/${'deep/'.repeat(30)}x.ts`
const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'TEMPLATE_REFUSED', message: expect.stringMatching(message) })

describe('an archive', () => {
  it('gives its files below the first folder, sorted, with the executable bit and the commit that git notes', () => {
    const archive = tgz([
      { path: 'pax_global_header', type: 'g', text: paxRecord('comment', COMMIT) },
      { path: 'top/', type: '5' },
      { path: 'top/src/b.ts', text: 'b' },
      { path: 'top/run.sh', text: '#!/bin/sh\n', mode: 0o755 },
    ])
    expect(readArchive(archive)).toEqual({
      commit: COMMIT,
      files: [
        { path: 'run.sh', text: '#!/bin/sh\n', mode: '755' },
        { path: 'src/b.ts', text: 'b', mode: '644' },
      ],
    })
  })

  it('is read with the long names of pax and of GNU, packed or not', () => {
    const pax: Entry[] = [
      { path: 'PaxHeader', type: 'x', text: paxRecord('path', `top/${long}`) },
      { path: 'top/cut', text: 'x' },
    ]
    const gnu: Entry[] = [
      { path: '././@LongLink', type: 'L', text: `top/${long}\0` },
      { path: 'top/cut', text: 'x' },
    ]
    for (const bytes of [tgz(pax), tgz(gnu), tar(pax)]) {
      expect(readArchive(bytes).files).toEqual([{ path: long, text: 'x', mode: '644' }])
    }
  })

  it('gives a folder of itself where one is asked for, whatever else is there', () => {
    const archive = tgz([
      { path: 'top/README.md', text: 'about the repository' },
      { path: 'top/link', type: '5' },
      { path: 'top/mine/README.md', text: 'about the project' },
      { path: 'top/mineral/x', text: 'no' },
    ])
    expect(readArchive(archive, '/mine').files).toEqual([{ path: 'README.md', text: 'about the project', mode: '644' }])
    expect(() => readArchive(archive, 'none')).toThrow(refusal(/nothing in none\//))
  })

  it.each([
    '../x',
    'top/../../x',
    'top/src/../x',
    '/etc/passwd',
    '//top/x',
    'top//x',
    'top/./x',
    'top/.git/hooks/post-checkout',
    'top/src/.GIT/config',
    'top/.stoma/manifest.json',
    'top/node_modules/x/index.js',
    'top/src\\..\\x',
    'top/C:/x',
    'top/src/aux.ts',
    'top/COM1',
    'top/src/x.ts.',
    'top/src/x.ts ',
    'top/src/\u0007x',
    'C:\\x',
    'x',
  ])('is refused whole where it names %j', (path) => {
    const archive = tgz([
      { path: 'top/fine.ts', text: 'x' },
      { path, text: 'x' },
    ])
    expect(() => readArchive(archive)).toThrow(refusal(/no path a project could have/))
  })

  it.each([
    ['a symbolic link', { type: '2', link: '../../.ssh/id' }],
    ['a link', { type: '1', link: 'top/x' }],
    ['a device', { type: '3' }],
    ['a pipe', { type: '6' }],
    ['unknown', { type: 'S' }],
  ])('is refused where it holds %s', (kind, entry) => {
    expect(() => readArchive(tgz([{ path: 'top/x', ...entry }]))).toThrow(refusal(new RegExp(kind)))
  })

  it('is refused where two of its files are one on some disks, or a file is a folder as well', () => {
    for (const [a, b] of [
      ['a.ts', 'A.ts'],
      ['é.ts', 'e\u0301.ts'],
      ['a', 'a/b'],
      ['x', 'x'],
    ]) {
      const archive = tgz([a, b].map((path) => ({ path: `top/${path}` })))
      expect(() => readArchive(archive), `${a} ${b}`).toThrow(refusal(/same file|as a folder/))
    }
  })

  it('is refused where a file is no text', () => {
    for (const text of [Buffer.from([0xff, 0xfe, 0x41]), Buffer.from('a\0b')]) {
      expect(() => readArchive(tgz([{ path: 'top/x.png', text }]))).toThrow(refusal(/x\.png is no UTF-8 text/))
    }
  })

  it('is refused cut anywhere, packed or not', () => {
    const whole = tar([
      { path: 'top/a.ts', text: 'a'.repeat(700) },
      { path: 'top/b.ts', text: 'b' },
    ])
    const packed = gzipSync(whole)
    const blocksOfEnd = 1024
    for (let cut = 0; cut <= whole.length - blocksOfEnd; cut += 64) {
      expect(() => readArchive(whole.subarray(0, cut)), `tar cut at ${cut}`).toThrow(refusal(/./))
    }
    for (let cut = 1; cut < packed.length; cut++) {
      expect(() => readArchive(packed.subarray(0, cut)), `gzip cut at ${cut}`).toThrow(refusal(/./))
    }
  })

  it('is refused with any byte of it turned, or reads as what it was', () => {
    const whole = tar([{ path: 'top/a.ts', text: 'a' }])
    const { files } = readArchive(whole)
    for (let at = 0; at < 512; at++) {
      const turned = Buffer.from(whole)
      turned[at] = (turned[at] as number) ^ 0x10
      // A leading zero of the checksum may as well be a blank.
      if (at >= 148 && at < 156 && isSame(turned)) continue
      expect(() => readArchive(turned), String(at)).toThrow(refusal(/./))
    }

    function isSame(turned: Buffer): boolean {
      try {
        expect(readArchive(turned).files).toEqual(files)
        return true
      } catch {
        return false
      }
    }
  })

  it('is refused for what it holds too much of', () => {
    const bomb = gzipSync(Buffer.alloc(BOUNDS.unpacked + 1))
    expect(bomb.length).toBeLessThan(100_000)
    expect(() => readArchive(bomb)).toThrow(refusal(/unpacks to more than 50 MB/))
    const large = tgz([{ path: 'top/x', text: 'x'.repeat(BOUNDS.file + 1) }])
    expect(() => readArchive(large)).toThrow(refusal(/x is larger than 1 MB/))
    const many = Object.fromEntries(Array.from({ length: BOUNDS.files + 1 }, (_, i) => [`${i}.ts`, '']))
    expect(() => readArchive(template(many))).toThrow(refusal(/more than 1000 files/))
    const folders = Array.from({ length: 5001 }, (_, i) => ({ path: `top/${i}/`, type: '5' }))
    expect(() => readArchive(tgz(folders))).toThrow(refusal(/more than 5000 entries/))
    const much = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`${i}.ts`, 'x'.repeat(BOUNDS.file)]))
    expect(() => readArchive(template(much))).toThrow(refusal(/more than 10 MB/))
    expect(() => readArchive(Buffer.alloc(BOUNDS.packed + 1))).toThrow(refusal(/larger than 10 MB/))
  })

  it('is refused empty, and as anything that is no archive', () => {
    for (const bytes of [tgz([]), Buffer.from('<!doctype html>'.repeat(100)), Buffer.alloc(0), gzipSync('hello')]) {
      expect(() => readArchive(bytes)).toThrow(refusal(/./))
    }
  })
})
