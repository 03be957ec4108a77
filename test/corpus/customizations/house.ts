import { posix } from 'node:path'
import { isModule, isTest } from '../tree.ts'
import type { Customization } from './customization.ts'
import { formatted } from './format.ts'

const HEADER = /^\/\/ From create-stoma-analytics\..*\n/

/** How the project is laid out, formatted, built and described. */
export const house: Customization[] = [
  {
    title: 'Formatted as Prettier does by default: semicolons, double quotes, 80 columns',
    edit: (project) => formatted(project, { quoteStyle: 'double', semicolons: 'always', lineWidth: 80 }),
  },
  {
    title: 'Tabs instead of spaces',
    edit: (project) => formatted(project, { quoteStyle: 'single', semicolons: 'asNeeded', indentStyle: 'tab' }),
  },
  {
    title: 'Windows line ends in every file',
    edit: (project) =>
      project.each(
        () => true,
        (text) => text.replaceAll('\n', '\r\n'),
      ),
  },
  {
    title: 'Windows line ends, and a column and a setting of our own',
    edit: (project) =>
      project
        .edit(
          'src/custom/columns.ts',
          'Column[] = []',
          "Column[] = [{ name: 'zone', type: 'VARCHAR', value: () => 'eu' }]",
        )
        .edit('analytics.config.ts', '  settle: 5,', '  settle: 30,')
        .edit('src/processor/index.ts', 'maxBufferBytes = 64 << 20', 'maxBufferBytes = 16 << 20')
        .each(
          () => true,
          (text) => text.replaceAll('\n', '\r\n'),
        ),
  },
  {
    title: 'An editor left a byte order mark here, and took the last line end there',
    edit: (project) =>
      project
        .each(
          (path) => ['src/wiring.ts', 'analytics.config.ts'].includes(path),
          (text) => `\ufeff${text}`,
        )
        .each(
          (path) => ['src/schema.ts', 'query/cli.ts', 'package.json'].includes(path),
          (text) => text.trimEnd(),
        ),
  },
  {
    title: 'A licence header on top of every module',
    edit: (project) =>
      project.each(isModule, (text) => `// Copyright 2026 Example Ltd. SPDX-License-Identifier: MIT\n${text}`),
  },
  {
    title: 'The line about the tool is gone from every module',
    edit: (project) => project.each(isModule, (text) => text.replace(HEADER, '')),
  },
  {
    title: 'Comments in German',
    edit: (project) =>
      project
        .edit(
          'src/wiring.ts',
          '/** The one place where interfaces meet their implementations: change a storage, an engine or a format here. */',
          '/** Hier treffen sich Schnittstellen und Umsetzungen: Speicher, Engine und Format werden hier getauscht. */',
        )
        .edit(
          'src/processor/index.ts',
          '  /** Fragments first, the mark last: a source counts from the moment its mark stands, and not before. */',
          '  /** Erst die Fragmente, dann die Marke: eine Quelle zählt, sobald ihre Marke steht, und nicht früher. */',
        )
        .edit(
          'src/lake/layout.ts',
          '/** A partition is what one compacted file covers. */',
          '/** Eine Partition ist, was eine verdichtete Datei umfasst. */',
        )
        .edit('analytics.config.ts', '  /** Where raw logs are read from. */', '  /** Von hier werden Logs gelesen. */')
        .edit(
          'src/schema.ts',
          '/** The built-in columns, in the order they are stored. */',
          '/** Die eingebauten Spalten, in der Reihenfolge, in der sie gespeichert werden. */',
        ),
  },
  {
    title: 'Notes for colleagues beside the protocol',
    edit: (project) =>
      project
        .edit(
          'src/processor/index.ts',
          '  /** Streams the range into batches',
          "  // NOTE(mara): do not reorder, the order of flushes is part of the fragments' names. See ADR 7.\n  /** Streams the range into batches",
        )
        .edit(
          'src/compactor/index.ts',
          '    const runId = randomUUID()\n',
          '    // NOTE(mara): the id is how a commit is recognised after a time-out.\n    const runId = randomUUID()\n',
        )
        .edit('src/compactor/commit.ts', '  let failure: unknown\n', '  let failure: unknown // ADR 9\n')
        .edit(
          'src/lake/state.ts',
          'export async function readMark(',
          '// ADR 3: marks are never deleted.\nexport async function readMark(',
        ),
  },
  {
    title: 'The linter of our house, its scripts, and a logger',
    edit: (project) =>
      project
        .json('package.json', (manifest) => {
          manifest.version = '1.4.0'
          manifest.description = 'Analytics of the shop'
          manifest.scripts.lint = 'eslint .'
          manifest.scripts.test = 'vitest run --reporter=dot'
          manifest.dependencies.pino = '^9.7.0'
          manifest.devDependencies.eslint = '^9.30.0'
        })
        .create('eslint.config.js', "export default [{ ignores: ['lake/', 'logs/'] }]\n"),
  },
  {
    title: 'Dependencies newer than what was emitted, one of them pinned',
    edit: (project) =>
      project.json('package.json', ({ dependencies, devDependencies }) => {
        dependencies.hono = '4.99.0'
        devDependencies.tsx = '^4.99.0'
        devDependencies.vitest = '~4.1.3'
      }),
  },
  {
    title: 'A package with a scope, and our name for the jobs',
    edit: (project) =>
      project.json('package.json', (manifest) => {
        manifest.name = '@shop/analytics'
        manifest.scripts['jobs:ingest'] = manifest.scripts.ingest
        manifest.scripts['jobs:compact'] = manifest.scripts.compact
        delete manifest.scripts.ingest
        delete manifest.scripts.compact
      }),
  },
  {
    title: 'A stricter compiler, with the reasons beside the options',
    edit: (project) =>
      project
        .edit(
          'tsconfig.json',
          '    "strict": true,\n',
          '    // agreed on in March\n    "strict": true,\n    "noFallthroughCasesInSwitch": true,\n    "noImplicitReturns": false, /* too loud */\n',
        )
        .edit(
          'tsconfig.json',
          '"include": ["**/*.ts"]',
          '"include": ["**/*.ts"],\n  "exclude": ["node_modules", "scratch"]',
        ),
  },
  {
    title: 'More to ignore',
    edit: (project) =>
      project.append('.gitignore', '.env\n.env.*\n*.log\n/coverage/\n').edit('.gitignore', '.DS_Store\n', ''),
  },
  {
    title: 'A README of our own',
    edit: (project) => project.rewrite('README.md', '# Analytics\n\nAsk Mara. The runbook is in the wiki.\n'),
  },
  {
    title: 'The entry point is called cli.ts',
    edit: (project) =>
      project
        .move('src/worker/standalone.ts', 'src/worker/cli.ts')
        .edit('example/demo.ts', '../src/worker/standalone.ts', '../src/worker/cli.ts')
        .each(
          (path) => path === 'package.json',
          (text) => text.replaceAll('src/worker/standalone.ts', 'src/worker/cli.ts'),
        ),
  },
  {
    title: 'The folder storage is called stores',
    edit: (project) =>
      project
        .move('src/storage/', 'src/stores/')
        .edit('package.json', '"./storage/*": "./src/storage/*.ts"', '"./storage/*": "./src/stores/*.ts"'),
  },
  {
    title: 'The queries moved below src, with a fix in the table',
    edit: (project) =>
      project
        .move('query/', 'src/query/')
        .move('sql/', 'src/sql/')
        .edit('src/query/table.ts', "return report ? '–' : 'NULL'", "return report ? '-' : 'NULL'")
        .edit('src/query/table.test.ts', "'1.5 s       –    12,345'", "'1.5 s       -    12,345'")
        .each(
          (path) => path === 'package.json',
          (text) => text.replaceAll('tsx query/cli.ts', 'tsx src/query/cli.ts'),
        )
        .edit('example/demo.ts', '../query/cli.ts', '../src/query/cli.ts'),
  },
  {
    title: 'Tests live in a folder of their own',
    edit: (project) => {
      for (const path of [...project.files.keys()].filter(isTest))
        project.move(path, posix.join('test/unit', path.replace(/^src\//, '')))
    },
  },
  {
    title: 'The tests are deleted: nobody here maintains them',
    edit: (project) => {
      project.remove(...[...project.files.keys()].filter(isTest), 'test/fakes.ts', 'test/fake-merger.ts')
      project.json('package.json', ({ scripts, devDependencies }) => {
        delete scripts.test
        delete devDependencies.vitest
      })
    },
  },
  {
    title: 'Types are imported through one door',
    edit: (project) =>
      project
        .create('src/contracts.ts', "export type * from './lake/layout.ts'\nexport type * from './types.ts'\n")
        .edit(
          'src/lake/state.ts',
          "import type { CompactorStorage, Mark, StorageReader } from '../types.ts'",
          "import type { CompactorStorage, Mark, StorageReader } from '../contracts.ts'",
        )
        .edit('src/processor/rejected.ts', "from '../types.ts'", "from '../contracts.ts'")
        .edit('src/processor/pending.ts', "from '../types.ts'", "from '../contracts.ts'"),
  },
]
