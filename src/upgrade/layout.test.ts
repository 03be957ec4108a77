import { describe, expect, it } from 'vitest'
import type { ManifestFile } from '../manifest.ts'
import { sha256 } from '../manifest.ts'
import type { EmittedFile } from '../render/index.ts'
import { inLayout, withoutPlaces } from './layout.ts'
import { findMoves } from './moves.ts'
import { planFiles } from './plan.ts'

const TEXT = `import { a } from '../lib/a.ts'
import b from './b.ts'
import '../lib/a.ts'
export * from "../lib/deep/c.ts"
const d = await import('../lib/a.ts')
const e = new URL('../lib/e.sql', import.meta.url)
`

describe('imports in another layout', () => {
  it('stay to the byte where nothing moved', () => {
    expect(inLayout(TEXT, 'src/x.ts', 'src/x.ts', (path) => path)).toBe(TEXT)
  })

  it('follow the files that they name', () => {
    const relocate = (path: string) => path.replace(/^lib\//, 'src/store/')
    expect(inLayout(TEXT, 'src/x.ts', 'src/x.ts', relocate)).toBe(TEXT.replaceAll('../lib/', './store/'))
  })

  it('lead to the same files from a new home', () => {
    expect(inLayout(TEXT, 'src/x.ts', 'x.ts', (path) => path)).toBe(
      TEXT.replaceAll('../lib/', './lib/').replace('./b.ts', './src/b.ts'),
    )
  })

  it('are the same again once nobody says where', () => {
    const moved = inLayout(TEXT, 'src/x.ts', 'a/b/x.ts', (path) => path.replace('lib/', 'c/'))
    expect(withoutPlaces(moved)).toBe(withoutPlaces(TEXT))
  })
})

/** Upgrades a project: what it was made of, what lies there now, what the next release has under the same ids. */
function upgraded(was: Record<string, string>, disk: Record<string, string>, now: Record<string, [string, string]>) {
  const common = { owner: 'managed', mode: '644' } as const
  const entries = Object.entries(was).map(
    ([path, text]): ManifestFile => ({ id: path, path, base: sha256(text), ...common }),
  )
  const next = Object.entries(now).map(([id, [path, text]]): EmittedFile => ({ id, path, text, ...common }))
  const bases = new Map(Object.values(was).map((text) => [sha256(text), text]))
  const look = (path: string) => {
    const text = disk[path]
    if (text === undefined) return { kind: 'missing' } as const
    return { kind: 'file', bytes: Buffer.from(text), text, isExecutable: false } as const
  }
  const moved = findMoves({ entries, bases, next, look, candidates: () => new Map(Object.entries(disk)) })
  const plans = planFiles({ entries, bases, next, look, moved })
  return Object.fromEntries(plans.map((plan) => [plan.path, 'text' in plan ? plan.text : plan.kind]))
}

const USER = "import { store } from './lib/store.ts'\nimport { help } from './lib/help.ts'\n\nstore(help)\n"
const was = {
  'app.ts': USER,
  'lib/store.ts': "import './help.ts'\nexport const store = 1\n",
  'lib/help.ts': 'help()\n',
}

describe('an upgrade', () => {
  it('of a project whose owner moved a folder brings new code with imports that fit', () => {
    const disk = {
      'app.ts': USER.replaceAll('./lib/', './core/').replace('store(help)', 'store(help, 1)'),
      'core/store.ts': was['lib/store.ts'],
      'core/help.ts': was['lib/help.ts'],
    }
    const text = USER.replace("import { help } from './lib/help.ts'", "import { help, more } from './lib/help.ts'")
    expect(
      upgraded(was, disk, {
        'app.ts': ['app.ts', text],
        'lib/store.ts': ['lib/store.ts', was['lib/store.ts']],
        'lib/help.ts': ['lib/help.ts', was['lib/help.ts']],
      })['app.ts'],
    ).toBe(text.replaceAll('./lib/', './core/').replace('store(help)', 'store(help, 1)'))
  })

  it('that moves a file changes the imports of those that were edited, and nothing else in them', () => {
    const edited = USER.replace("from './lib/help.ts'", "from './lib/help.ts' // ours")
    const now = USER.replace('./lib/store.ts', './store/index.ts')
    const store = was['lib/store.ts'].replace('./help.ts', '../lib/help.ts')
    expect(
      upgraded(
        was,
        { ...was, 'app.ts': edited },
        {
          'app.ts': ['app.ts', now],
          'lib/store.ts': ['store/index.ts', store],
          'lib/help.ts': ['lib/help.ts', was['lib/help.ts']],
        },
      ),
    ).toEqual({
      'app.ts': edited.replace('./lib/store.ts', './store/index.ts'),
      'store/index.ts': store,
      'lib/help.ts': 'unchanged',
    })
  })
})
