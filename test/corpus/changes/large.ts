import type { Editor } from '../tree.ts'
import type { TemplateChange } from './change.ts'

/** Changes of what files there are. */
export const large: TemplateChange[] = [
  {
    title: 'A long file is split in two',
    edit: (release) => {
      const text = release.read('src/storage/logs.ts')
      const from = text.indexOf('type Work<T> = ')
      const listed = text.indexOf('/** LastModified is the later of content')
      const ranges = text.slice(text.indexOf('async function nextRange('), listed)
      const list = text.slice(
        text.indexOf('/** In the order of their marks;'),
        text.indexOf('/** Opens a log for `work`'),
      )
      if (from < 0 || listed < 0) throw new Error('src/storage/logs.ts: not what it was when this change was written')
      const exported = ranges
        .replace('async function nextRange(', 'export async function nextRange(')
        .replace('async function bytesFrom(', 'export async function bytesFrom(')
        .replace('async function* follow(', 'export async function* follow(')
      release.create('src/storage/log-ranges.ts', `${RANGES_HEAD}${exported.trimEnd()}\n`)
      release.rewrite('src/storage/logs.ts', `${text.replace(ranges, '').replace(LOGS_HEAD_BEFORE, LOGS_HEAD_AFTER)}`)
      if (!release.read('src/storage/logs.ts').includes(list)) throw new Error('the split took too much')
    },
  },
  {
    title: 'A module gets a better name',
    edit: (release) => release.move('src/worker/settings.ts', 'src/worker/flags.ts'),
  },
  {
    title: 'A folder gets a better name',
    edit: (release) =>
      release
        .move('src/lake/', 'src/store/')
        .edit('README.md', 'made in `src/lake/layout.ts`', 'made in `src/store/layout.ts`'),
  },
  {
    title: 'A command is dropped',
    edit: (release) =>
      release.remove('src/worker/capture.ts').json('package.json', ({ scripts }) => {
        delete scripts.capture
      }),
  },
  {
    title: 'A module is dropped: another does its work as well',
    edit: (release) => {
      const body = release.read('src/compactor/abandon.ts')
      const docs = body.slice(body.indexOf('/**\n'))
      release
        .remove('src/compactor/abandon.ts')
        .append('src/compactor/commit.ts', `\n${docs.replace('}: CompactorOptions)', '}: AbandonOptions)')}`)
        .edit(
          'src/compactor/commit.ts',
          'import { inputOf, type Partition, wasGone } from',
          'import { type Fragment, inputOf, type Partition, wasGone } from',
        )
        .edit(
          'src/compactor/commit.ts',
          "import type { Column, CompactorStorage, ObjectInfo, ParquetMerger } from '../types.ts'",
          ABANDON_IMPORTS,
        )
        .edit(
          'src/compactor/commit.ts',
          'export interface CommitOptions {',
          `${ABANDON_OPTIONS}export interface CommitOptions {`,
        )
        .edit(
          'src/compactor/index.ts',
          "import { createAbandon } from './abandon.ts'\nimport { commitPartition } from './commit.ts'",
          "import { commitPartition, createAbandon } from './commit.ts'",
        )
    },
  },
  {
    title: 'A new question: alerts, with files, a setting and a command of its own',
    edit: (release) =>
      release
        .create('src/worker/alerts.ts', ALERTS)
        .create('src/worker/alerts.test.ts', ALERTS_TEST)
        .edit(
          'analytics.config.ts',
          '  deleteSources: false,\n',
          "  deleteSources: false,\n  /** Where `ingest` posts to when a run had errors; nothing is posted where this is empty. */\n  alertUrl: '',\n",
        )
        .edit('src/wiring.ts', '  deleteSources: boolean\n}', '  deleteSources: boolean\n  alertUrl: string\n}')
        .edit(
          'src/worker/standalone.ts',
          "import { type Flags, runCommand, UsageError } from './settings.ts'",
          "import { alert } from './alerts.ts'\nimport { type Flags, runCommand, UsageError } from './settings.ts'",
        )
        .edit(
          'src/worker/standalone.ts',
          '  return result.errors.length ? 1 : 0',
          '  await alert(flags.settings.alertUrl, name, result.errors)\n  return result.errors.length ? 1 : 0',
        )
        .json('package.json', ({ scripts }) => {
          scripts.alert = 'node --import tsx src/worker/alerts.ts'
        }),
  },
  {
    title: 'Tests are rearranged: one more file of fakes, one test file renamed',
    edit: (release: Editor) => {
      const text = release.read('test/fakes.ts')
      const from = text.indexOf('/** Raw logs in memory')
      const to = text.indexOf('/** An entry as the policy would emit it')
      release
        .create(
          'test/fake-logs.ts',
          `${text.slice(0, text.indexOf('\n') + 1)}import { createHash } from 'node:crypto'\nimport type { LogSource } from '../src/types.ts'\n\n${text.slice(from, to).trimEnd()}\n`,
        )
        .rewrite('test/fakes.ts', `${text.slice(0, from)}${text.slice(to)}`)
        .edit('test/fakes.ts', "import { createHash } from 'node:crypto'\n", '')
        .edit(
          'test/fakes.ts',
          '/** What the fake engine writes instead',
          "export { memoryLogs } from './fake-logs.ts'\n\n/** What the fake engine writes instead",
        )
        .move('src/processor/lines.test.ts', 'src/processor/cutting.test.ts')
    },
  },
]

const RANGES_HEAD = `// From create-stoma-analytics. Yours to edit: \`npx create-stoma-analytics upgrade\` merges newer releases into it.
import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { gunzipped } from '../processor/lines.ts'
import type { Bytes, Mark, SourceInfo, SourceRange } from '../types.ts'
import { etagOf, readRange } from './local.ts'
import { BY_PATH, isGzip, refuseEntries, refuseOtherCompression, streamKey } from './log-heads.ts'

const NEWLINE = 10

`

const LOGS_HEAD_BEFORE = `import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, readdir, stat, unlink } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { gunzipped } from '../processor/lines.ts'
import type { Bytes, LogSource, Mark, SourceInfo, SourceRange } from '../types.ts'
import { etagOf, ifMissing, readRange } from './local.ts'
import { BY_PATH, isGzip, refuseEntries, refuseOtherCompression, streamKey } from './log-heads.ts'

const DAY_MS = 24 * 3600_000
const NEWLINE = 10
`

const LOGS_HEAD_AFTER = `import { type FileHandle, open, readdir, stat, unlink } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { LogSource, SourceInfo, SourceRange } from '../types.ts'
import { etagOf, ifMissing } from './local.ts'
import { isGzip, streamKey } from './log-heads.ts'
import { bytesFrom, follow, nextRange } from './log-ranges.ts'

const DAY_MS = 24 * 3600_000
`

const ABANDON_IMPORTS = `import { writeMark } from '../lake/state.ts'
import { SCHEMA_VERSION } from '../schema.ts'
import type { Column, CompactorStorage, FooterMetadata, Mark, ObjectInfo, ParquetMerger } from '../types.ts'

const DAY_MS = 24 * 3600_000`

const ABANDON_OPTIONS = `export interface AbandonOptions {
  storage: CompactorStorage
  prefix: string
  sourceExists?: (sourceName: string, key: string) => Promise<boolean>
  now?: () => number
}

`

const ALERTS = `// From create-stoma-analytics. Yours to edit: \`npx create-stoma-analytics upgrade\` merges newer releases into it.
import type { PipelineError } from '../types.ts'

type Post = (url: string, body: string) => Promise<unknown>

const defaultPost: Post = (url, body) => fetch(url, { method: 'POST', body })

/** Posts the errors of a run, if there are any and somebody wants them. Never throws: the run has ended already. */
export async function alert(
  url: string,
  job: string,
  errors: readonly PipelineError[],
  post: Post = defaultPost,
): Promise<boolean> {
  if (!url || errors.length === 0) return false
  try {
    await post(url, JSON.stringify({ job, errors }))
    return true
  } catch (error) {
    process.stderr.write(\`alert: \${url} cannot be reached: \${(error as Error).message}\\n\`)
    return false
  }
}
`

const ALERTS_TEST = `// From create-stoma-analytics. Yours to edit: \`npx create-stoma-analytics upgrade\` merges newer releases into it.
import { expect, it } from 'vitest'
import { alert } from './alerts.ts'

it('posts errors, and nothing where there are none', async () => {
  const bodies: string[] = []
  const post = async (_: string, body: string) => bodies.push(body)
  expect(await alert('http://a', 'ingest', [], post)).toBe(false)
  expect(await alert('http://a', 'ingest', [{ where: 'a', message: 'b' }], post)).toBe(true)
  expect(bodies).toEqual(['{"job":"ingest","errors":[{"where":"a","message":"b"}]}'])
})
`
