import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EmittedFile } from '../../src/render/index.ts'
import { canonical } from '../../src/upgrade/text.ts'
import { emitted, type MemoryProject, made, upgraded } from './memory.ts'

/** Few different lines, as in code, where braces and blank lines repeat; and some that are like no other. */
const line = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('', '}', 'a', 'b', '  return x', '=======') },
  { weight: 2, arbitrary: fc.nat(1e9).map((n) => `line ${n}`) },
)
const text = fc.array(line, { maxLength: 14 }).map((lines) => lines.map((one) => `${one}\n`).join(''))

/** One change of a text: lines replaced, removed or put in. */
const lineEdit = fc.record({ at: fc.nat(20), gone: fc.nat(2), come: fc.array(line, { maxLength: 2 }) })
type LineEdit = { at: number; gone: number; come: string[] }

function edited(text: string, edits: readonly LineEdit[]): string {
  const lines = text.split('\n').slice(0, -1)
  for (const { at, gone, come } of edits) lines.splice(at % (lines.length + 1), gone, ...come)
  return lines.map((one) => `${one}\n`).join('')
}

const PATHS = ['src/a.ts', 'src/b.ts', 'src/deep/c.ts', 'd.sql', 'lib/e.ts', 'Ünï côdé.md']
const owner = fc.constantFrom('managed' as const, 'managed' as const, 'seed' as const)

/** What a release emits at first. */
const release = fc
  .array(fc.record({ text, owner }), { minLength: 1, maxLength: 4 })
  .map((files) => files.map(({ text, owner }, at) => emitted(PATHS[at] as string, text, { owner })))

type TemplateChange = { do: 'edit'; edits: LineEdit[] } | { do: 'drop' | 'keep' } | { do: 'rename'; edits: LineEdit[] }
const templateChange = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('edit' as const), edits: fc.array(lineEdit, { maxLength: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('drop' as const, 'keep' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('rename' as const), edits: fc.array(lineEdit, { maxLength: 1 }) }),
  },
)
/** What the next release makes of it: changes file by file, and perhaps a new one. */
const releaseChange = fc.record({
  changes: fc.array(templateChange, { minLength: 4, maxLength: 4 }),
  added: fc.option(text, { freq: 3 }),
})

function changed(
  files: readonly EmittedFile[],
  { changes, added }: { changes: TemplateChange[]; added: string | null },
) {
  const next = files.flatMap((file, at): EmittedFile[] => {
    const change = changes[at] as TemplateChange
    if (change.do === 'drop') return []
    if (!('edits' in change)) return [file]
    const text = edited(file.text, change.edits)
    return [change.do === 'edit' ? { ...file, text } : { ...file, text, path: `moved/${file.path}` }]
  })
  return added === null ? next : [...next, emitted('src/new.ts', added)]
}

type UserChange =
  | { do: 'edit'; edits: LineEdit[]; style: 'as is' | 'crlf' | 'bom' | 'no last newline' }
  | { do: 'delete' | 'move' | 'keep' }
const userChange = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('edit' as const),
      edits: fc.array(lineEdit, { maxLength: 3 }),
      style: fc.constantFrom(
        'as is' as const,
        'as is' as const,
        'crlf' as const,
        'bom' as const,
        'no last newline' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('delete' as const, 'move' as const, 'keep' as const) }) },
)
const userChanges = fc.record({
  changes: fc.array(userChange, { minLength: 4, maxLength: 4 }),
  /** A file of their own, perhaps where the next release wants one. */
  own: fc.option(fc.record({ path: fc.constantFrom('src/new.ts', 'src/mine.ts'), text }), { freq: 3 }),
})

function styled(text: string, style: string): string {
  if (style === 'crlf') return text.replace(/\n/g, '\r\n')
  if (style === 'bom') return `\uFEFF${text}`
  return style === 'no last newline' ? text.replace(/\n$/, '') : text
}

function lived(
  project: MemoryProject,
  { changes, own }: { changes: UserChange[]; own: { path: string; text: string } | null },
) {
  const files = new Map(project.files)
  for (const [at, path] of [...files.keys()].entries()) {
    const change = changes[at] as UserChange
    const text = files.get(path) as string
    if (change.do === 'delete' || change.do === 'move') files.delete(path)
    if (change.do === 'move') files.set(`elsewhere/${path}`, text)
    if (change.do === 'edit') files.set(path, styled(edited(text, change.edits), change.style))
  }
  if (own) files.set(own.path, own.text)
  return { ...project, files }
}

const counts = (text: string) => {
  const lines = new Map<string, number>()
  for (const one of canonical(text).split('\n')) lines.set(one, (lines.get(one) ?? 0) + 1)
  return lines
}

/** Lines of `after` that `before` has fewer of. */
function added(before: string, after: string): Map<string, number> {
  const old = counts(before)
  return new Map(
    [...counts(after)]
      .map(([one, n]) => [one, n - (old.get(one) ?? 0)] as const)
      .filter(([one, n]) => n > 0 && one !== ''),
  )
}

const check = <T>(runs: number, property: fc.IPropertyWithHooks<T>) => fc.assert(property, { numRuns: runs })

describe('whatever the template changes and whatever the user did', () => {
  it('every line of the user’s is in the result or in a reported conflict, their files and deletions stay, and a second upgrade does nothing', () => {
    check(
      Number(process.env.RUNS ?? 10_000),
      fc.property(release, releaseChange, userChanges, (first, change, user) => {
        const before = lived(made(first), user)
        const next = changed(first, change)
        const { plans, project } = upgraded(before, next)
        const reported = new Set(
          plans.filter(({ kind }) => kind === 'conflict' || kind === 'blocked').map(({ path }) => path),
        )

        const idOf = new Map(plans.map((plan) => ['from' in plan && plan.from ? plan.from : plan.path, plan]))
        for (const [path, text] of before.files) {
          const plan = idOf.get(path)
          // Not in the plan, in conflict, or kept: the very same bytes.
          if (
            !plan ||
            plan.kind === 'conflict' ||
            plan.kind === 'kept' ||
            plan.kind === 'blocked' ||
            plan.kind === 'unchanged'
          ) {
            if (plan?.kind === 'unchanged' || !reported.has(path)) expect(project.files.get(path)).toBe(text)
            continue
          }
          const entry = before.entries.find(({ id }) => id === plan.id)
          const base = entry ? (before.bases.get(entry.base) as string) : ''
          const lines = added(base, text)
          if (plan.kind === 'removed') expect(lines.size).toBe(0)
          const result = counts(project.files.get(plan.path) ?? '')
          for (const [one, n] of lines) expect(result.get(one) ?? 0, one).toBeGreaterThanOrEqual(n)
        }
        for (const { id, path } of before.entries) {
          const plan = plans.find((plan) => plan.id === id)
          if (plan?.kind === 'kept' && plan.why === 'deleted')
            expect(project.files.has(path)).toBe(before.files.has(path))
        }
        if (reported.size === 0) {
          const again = upgraded(project, next)
          expect(again.plans.filter(({ kind }) => kind !== 'unchanged' && kind !== 'kept')).toEqual([])
          expect(again.project).toEqual(project)
        }
      }),
    )
  }, 60_000)

  it('a project that nobody touched becomes the next release, and v1 to v3 is v1 to v2 to v3', () => {
    check(
      2_000,
      fc.property(release, releaseChange, releaseChange, (first, change, later) => {
        const second = changed(first, change)
        const third = changed(second, { ...later, added: null, changes: [...later.changes, { do: 'keep' }] })
        const tree = (files: readonly EmittedFile[]) => new Map(files.map(({ path, text }) => [path, text]))
        const direct = upgraded(made(first), third).project
        expect(new Map([...direct.files].sort())).toEqual(new Map([...tree(third)].sort()))
        const stepwise = upgraded(upgraded(made(first), second).project, third).project
        expect(stepwise.files).toEqual(direct.files)
        expect(stepwise.entries.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
          direct.entries.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        )
      }),
    )
  }, 60_000)

  it('a template that did not change changes nothing', () => {
    check(
      2_000,
      fc.property(release, userChanges, (first, user) => {
        const before = lived(made(first), user)
        const { plans, project } = upgraded(before, first)
        expect(plans.filter(({ kind }) => kind !== 'unchanged' && kind !== 'kept')).toEqual([])
        expect(project.files).toEqual(before.files)
      }),
    )
  }, 60_000)
})
