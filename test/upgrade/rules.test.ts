import { describe, expect, it } from 'vitest'
import { decide } from '../../src/upgrade/decide.ts'
import { syntaxProblem } from '../../src/upgrade/syntax.ts'
import { emitted, made, plan, upgraded } from './memory.ts'

const A = 'export const a = 1\n\n\n\nexport const b = 2\n'
const mine = A.replace('a = 1', 'a = 10')
const newer = A.replace('b = 2', 'b = 20')

/** A project with one file of A, whose owner has made `text` of it; undefined deletes it. */
function edited(text: string | undefined, owner: 'managed' | 'seed' = 'managed') {
  const project = made([emitted('src/x.ts', A, { owner })])
  if (text === undefined) project.files.delete('src/x.ts')
  else project.files.set('src/x.ts', text)
  return project
}
const next = (text: string, more = {}) => [emitted('src/x.ts', text, more)]

describe('rule 1 and 2: which text a file gets', () => {
  it('the user made the template’s very change: only the base advances', () => {
    const { plans, project } = upgraded(edited(newer), next(newer))
    expect(plans[0]).toMatchObject({ kind: 'unchanged' })
    expect(plan(project, next(newer))[0]).toMatchObject({ kind: 'unchanged' })
  })

  it('the template did not change: the user’s bytes stay, whatever they are', () => {
    const odd = `\uFEFF${mine.replace(/\n/g, '\r\n')}   `
    expect(upgraded(edited(odd), next(A)).project.files.get('src/x.ts')).toBe(odd)
  })

  it('the user did not: the template’s text, in the user’s line endings and with their byte order mark', () => {
    const { project } = upgraded(edited(`\uFEFF${A.replace(/\n/g, '\r\n')}`), next(newer))
    expect(project.files.get('src/x.ts')).toBe(`\uFEFF${newer.replace(/\n/g, '\r\n')}`)
  })

  it('both changed, apart: merged', () => {
    const { project } = upgraded(edited(mine), next(newer))
    expect(project.files.get('src/x.ts')).toBe('export const a = 10\n\n\n\nexport const b = 20\n')
  })

  it('both changed the same line: a conflict, and the user’s file is as it was', () => {
    const { plans, project } = upgraded(edited(mine), next(A.replace('a = 1', 'a = 2')))
    expect(plans[0]).toMatchObject({ kind: 'conflict', places: [{ line: 1 }], ours: mine, base: A })
    expect(project.files.get('src/x.ts')).toBe(mine)
  })

  it('a whole file reformatted by the user is merged or reported, never written over', () => {
    const reformatted = A.replace(/^(export.*)$/gm, '  $1;')
    const { project } = upgraded(edited(reformatted), next(newer))
    expect(project.files.get('src/x.ts')).toBe(reformatted.replace('b = 2;', 'b = 20'))
    const clash = upgraded(edited(reformatted.replace('b = 2', 'b = 3')), next(newer))
    expect(clash.plans[0]).toMatchObject({ kind: 'conflict', places: [{ line: 5 }] })
    expect(clash.project.files.get('src/x.ts')).toBe(reformatted.replace('b = 2', 'b = 3'))
  })

  it('a clean merge that does not parse is a conflict', () => {
    const base = 'f()\n\n\n\n\ng()\n'
    const sides = { path: 'x.ts', owner: 'managed' as const, base, ours: `if (a) {\n${base}`, theirs: `${base}h()\n` }
    expect(decide({ ...sides, ours: `${sides.ours}}\n` }, 'sidecar', syntaxProblem)).toMatchObject({ take: 'conflict' })
    expect(decide(sides, 'sidecar', syntaxProblem)).toMatchObject({
      take: 'conflict',
      why: /not valid any more \(line 8: /,
    })
  })

  it('two declarations of one name, put in at two places, are a conflict', () => {
    const base = 'f()\n\n\n\n\ng()\n'
    const sides = {
      path: 'x.ts',
      owner: 'managed' as const,
      base,
      ours: `const n = 1\n${base}`,
      theirs: `${base}const n = 2\n`,
    }
    expect(decide(sides, 'sidecar', syntaxProblem)).toMatchObject({ take: 'conflict', why: /already been declared/ })
  })

  it('a file too large to compare is a conflict as a whole', () => {
    const blank = '\n'.repeat(5_000)
    const text = (word: string) => `${word}\n${blank}${word}\n`
    const project = made([emitted('data.sql', text('a'))])
    project.files.set('data.sql', text('b'))
    expect(plan(project, [emitted('data.sql', text('c'))])[0]).toMatchObject({ kind: 'conflict', why: /too large/ })
  })

  it('--conflict ours and theirs decide the places that both changed, and merge the rest', () => {
    const ours = mine.replace('b = 2', 'b = 2\n// end')
    const theirs = A.replace('a = 1', 'a = 2').replace('\n\n\n', '\n// middle\n\n')
    const result = (habit: 'ours' | 'theirs') =>
      upgraded(edited(ours), next(theirs), { habit }).project.files.get('src/x.ts')
    expect(result('theirs')).toMatch(/a = 2\n\/\/ middle[\s\S]*\/\/ end/)
    expect(result('ours')).toMatch(/a = 10\n[\s\S]*\/\/ end/)
  })

  it('--conflict markers writes them into the user’s file where there are lines to mark', () => {
    const [conflict] = plan(edited(mine), next(A.replace('a = 1', 'a = 2')), { habit: 'markers' })
    expect(conflict).toMatchObject({
      kind: 'conflict',
      writesMarkers: true,
      merged: expect.stringContaining('>>>>>>> the newer template'),
    })
  })
})

describe('rule 3: what the user deleted', () => {
  it('stays deleted, also when the template changes it, and that is said', () => {
    const { plans, project } = upgraded(edited(undefined), next(newer))
    expect(plans[0]).toMatchObject({ kind: 'kept', why: 'deleted', isNews: true })
    expect(project.files.size).toBe(0)
    expect(plan(project, next(newer))[0]).toMatchObject({ why: 'deleted', isNews: false })
  })

  it('comes back with --restore, as the template has it now', () => {
    expect(upgraded(edited(undefined), next(newer), { restore: true }).project.files.get('src/x.ts')).toBe(newer)
  })
})

describe('rule 4: what is gone from the template', () => {
  it('is deleted where nobody edited it, also in CRLF', () => {
    expect(upgraded(edited(A.replace(/\n/g, '\r\n')), []).project.files.size).toBe(0)
  })

  it('is kept, and reported, where somebody did', () => {
    const { plans, project } = upgraded(edited(mine), [])
    expect(plans[0]).toMatchObject({ kind: 'kept', why: 'dropped' })
    expect(project.files.get('src/x.ts')).toBe(mine)
  })
})

describe('rule 5: what is new in the template, where something is already', () => {
  const empty = made([])
  it('is adopted where both are the same', () => {
    empty.files.set('src/x.ts', A.replace(/\n/g, '\r\n'))
    const { plans, project } = upgraded(empty, next(A))
    expect(plans[0]).toMatchObject({ kind: 'unchanged', entry: { id: 'src/x.ts' } })
    expect(project.files.get('src/x.ts')).toContain('\r\n')
  })

  it('is a conflict where they differ, and never written over', () => {
    empty.files.set('src/x.ts', 'mine\n')
    const { plans, project } = upgraded(empty, next(A))
    expect(plans[0]).toMatchObject({ kind: 'conflict', base: undefined })
    expect(project.files.get('src/x.ts')).toBe('mine\n')
  })

  it('a seed is not needed where the user has a file', () => {
    empty.files.set('src/x.ts', 'mine\n')
    expect(upgraded(empty, next(A, { owner: 'seed' })).plans[0]).toMatchObject({ kind: 'kept', why: 'occupied' })
  })

  it('a folder in the way blocks the upgrade', () => {
    const project = made([])
    project.files.set('src/x.ts/mine.txt', 'mine')
    expect(plan(project, next(A))[0]).toMatchObject({ kind: 'blocked', why: /a folder/ })
  })
})

describe('rule 6: files that moved', () => {
  const moved = [emitted('src/x.ts', newer, { path: 'lib/x.ts' })]

  it('in the template: followed by id, with the user’s edits', () => {
    const { project } = upgraded(edited(mine), moved)
    expect([...project.files]).toEqual([['lib/x.ts', 'export const a = 10\n\n\n\nexport const b = 20\n']])
  })

  it('in the template, only in case, and with unicode and spaces', () => {
    const project = made([emitted('src/Ünï côdé.ts', A)])
    const { files } = upgraded(project, [emitted('src/Ünï côdé.ts', A, { path: 'src/ünï Côdé.ts' })]).project
    expect([...files.keys()]).toEqual(['src/ünï Côdé.ts'])
  })

  it('in the template, to where the user has something: blocked, and nothing is written over', () => {
    const project = edited(A)
    project.files.set('lib/x.ts', 'mine\n')
    expect(plan(project, moved)[0]).toMatchObject({ kind: 'blocked', why: /moves src\/x.ts there/ })
  })

  it('two that change places in the template change places', () => {
    const project = made([emitted('a.ts', 'a\n'), emitted('b.ts', 'b\n')])
    const swapped = [emitted('a.ts', 'a\n', { path: 'b.ts' }), emitted('b.ts', 'b\n', { path: 'a.ts' })]
    expect([...upgraded(project, swapped).project.files].sort()).toEqual([
      ['a.ts', 'b\n'],
      ['b.ts', 'a\n'],
    ])
  })

  it('by the user: found by its text, upgraded where it is, and remembered', () => {
    const project = edited(undefined)
    project.files.set('my/place.ts', A)
    const first = upgraded(project, next(newer))
    expect([...first.project.files]).toEqual([['my/place.ts', newer]])
    expect(first.project.entries[0]).toMatchObject({ path: 'src/x.ts', at: 'my/place.ts' })
    first.project.files.set('my/place.ts', newer.replace('a = 1', 'a = 10'))
    const second = upgraded(first.project, next(newer.replace('b = 20', 'b = 30')))
    expect(second.project.files.get('my/place.ts')).toBe('export const a = 10\n\n\n\nexport const b = 30\n')
  })

  it('a whole folder by the user: its edited files are found as well, and new files join it', () => {
    const texts = [1, 2, 3].map((n) => emitted(`src/storage/${n}.ts`, `// number ${n}\n${A}`))
    const project = made(texts)
    for (const { path, text } of texts) {
      project.files.delete(path)
      project.files.set(
        path.replace('src/storage', 'lib/stores'),
        path.includes('2') ? text.replace('a = 1', 'a = 10') : text,
      )
    }
    const later = [
      ...texts.map((file) => ({ ...file, text: file.text.replace('b = 2', 'b = 20') })),
      emitted('src/storage/4.ts', 'new\n'),
    ]
    const { project: after, plans } = upgraded(project, later)
    expect([...after.files.keys()].sort()).toEqual([1, 2, 3, 4].map((n) => `lib/stores/${n}.ts`))
    expect(after.files.get('lib/stores/2.ts')).toMatch(/a = 10[\s\S]*b = 20/)
    expect(plans.every(({ kind }) => kind !== 'kept')).toBe(true)
  })

  it('by the user, and copied: which one is meant nobody can tell, so neither is touched', () => {
    const project = edited(undefined)
    project.files.set('one.ts', A).set('two.ts', A)
    const { project: after } = upgraded(project, next(newer))
    expect([...after.files]).toEqual([
      ['one.ts', A],
      ['two.ts', A],
    ])
  })
})

describe('rule 7 and 8: what is blocked', () => {
  it('bytes that are no text are taken whole or not at all', () => {
    const project = edited(A)
    const look = () => ({
      kind: 'file' as const,
      bytes: new Uint8Array([0, 255]),
      text: undefined,
      isExecutable: false,
    })
    expect(plan(project, next(A), { look })[0]).toMatchObject({ kind: 'kept' })
    expect(plan(project, next(newer), { look })[0]).toMatchObject({ kind: 'conflict', why: /not text/ })
  })

  it('a link is never written through, and does not matter where the template has nothing new', () => {
    const look = () => ({ kind: 'blocked' as const, what: 'a symbolic link' })
    expect(plan(edited(A), next(newer), { look })[0]).toMatchObject({ kind: 'blocked', why: /symbolic link/ })
    expect(plan(edited(A), next(A), { look })[0]).toMatchObject({ kind: 'kept' })
  })

  it('the executable bit: who changed it is right', () => {
    const look = (isExecutable: boolean) => () => ({
      kind: 'file' as const,
      bytes: Buffer.from(A),
      text: A,
      isExecutable,
    })
    const mode = (isExecutable: boolean, next: '644' | '755') =>
      plan(edited(A), [emitted('src/x.ts', newer, { mode: next })], { look: look(isExecutable) })[0]
    expect([mode(false, '755'), mode(true, '644'), mode(false, '644')]).toMatchObject([
      { mode: '755' },
      { mode: '755' },
      { mode: '644' },
    ])
    expect(plan(edited(A), [emitted('src/x.ts', A, { mode: '755' })], { look: look(false) })[0]).toMatchObject({
      kind: 'updated',
      mode: '755',
    })
  })

  it('a file without its base text is not merged by guess, unless it is the template’s text already', () => {
    const project = { ...edited(mine), bases: new Map() }
    expect(plan(project, next(newer))[0]).toMatchObject({ kind: 'blocked', why: /not in .stoma\/base/ })
    expect(plan({ ...edited(newer), bases: new Map() }, next(newer))[0]).toMatchObject({ kind: 'unchanged' })
  })

  it('markers of an earlier merge block it, and a document that always quoted some does not', () => {
    const markers = '<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n'
    expect(plan(edited(mine + markers), next(newer))[0]).toMatchObject({ kind: 'blocked', why: /markers.* line 6/ })
    const quoting = made([emitted('doc.sql', `${markers}\n\n\n\nend\n`)])
    quoting.files.set('doc.sql', `mine\n${markers}\n\n\n\nend\n`)
    expect(plan(quoting, [emitted('doc.sql', `${markers}\n\n\n\nend\nnewer\n`)])[0]).toMatchObject({ kind: 'merged' })
  })
})

describe('owners', () => {
  it('a seed follows the template until it is edited: then it is the user’s, and news are told once', () => {
    expect(upgraded(edited(A, 'seed'), next(newer, { owner: 'seed' })).project.files.get('src/x.ts')).toBe(newer)
    const { plans, project } = upgraded(edited(mine, 'seed'), next(newer, { owner: 'seed' }))
    expect(plans[0]).toMatchObject({ kind: 'kept', why: 'seed', isNews: true })
    expect(plan(project, next(newer, { owner: 'seed' }))[0]).toMatchObject({ kind: 'kept', isNews: false })
  })

  it('an ejected file is left alone and keeps its base; adopted again, all that came since is merged', () => {
    const project = edited(mine)
    const [entry] = project.entries
    const ejected = {
      ...project,
      entries: [{ ...entry, owner: 'ejected' as const, was: 'managed' as const }],
    } as typeof project
    const { plans, project: after } = upgraded(ejected, next(newer))
    expect(plans[0]).toMatchObject({ kind: 'kept', why: 'ejected' })
    expect(after.files.get('src/x.ts')).toBe(mine)
    const { was: _, ...rest } = after.entries[0] as (typeof after.entries)[0]
    const adopted = { ...after, entries: [{ ...rest, owner: 'managed' as const }] }
    expect(upgraded(adopted, next(newer)).project.files.get('src/x.ts')).toMatch(/a = 10[\s\S]*b = 20/)
  })

  it('another id at the same path is the same file to the user', () => {
    const { project } = upgraded(edited(mine), [emitted('other-id', newer, { path: 'src/x.ts' })])
    expect(project.files.get('src/x.ts')).toMatch(/a = 10[\s\S]*b = 20/)
  })
})
