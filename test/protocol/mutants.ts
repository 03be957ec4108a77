import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { CompactorStorage } from '../../templates/src/types.ts'
import { type Code, real, type Subject } from './campaign.ts'

const root = join(import.meta.dirname, '../..')
const sources = join(root, 'templates/src')

/** Text of a template that stands there exactly once, and what takes its place. */
export type Patch = readonly [file: string, from: string, to: string]

export interface Mutant {
  /** The rule that is taken out, as design §4 to §6 names it. */
  rule: string
  patches?: readonly Patch[]
  /** Breaking it loses and doubles nothing, so only a story can tell: a result is wrong, or an error untold. */
  onlyStories?: true
  /** Where the rule is the store's or the logs' to keep. */
  broken?: Omit<Subject, 'code'>
}

const [PROCESSOR, COMPACTOR, COMMIT] = ['processor/index.ts', 'compactor/index.ts', 'compactor/commit.ts'] as const
const RETENTION = '../maintenance/retention.ts'
const [LOGS, LOCAL] = ['storage/logs.ts', 'storage/local.ts'] as const
const [ABANDON, REPLAY] = ['compactor/abandon.ts', 'compactor/replay.ts'] as const
const [FRAGMENTS, READER, LAYOUT] = ['lake/fragments.ts', 'lake/reader.ts', 'lake/layout.ts'] as const

/** A store that writes where a condition says it must not. */
const unconditional =
  (pattern: RegExp) =>
  (storage: CompactorStorage): CompactorStorage => ({
    ...storage,
    async put(key, body, condition) {
      if (!pattern.test(key)) return storage.put(key, body, condition)
      const there = await storage.head(key)
      return storage.put(key, body, there ? { ifMatch: there.etag } : 'absent')
    },
  })

/** Rules that the campaign itself must miss, each within the histories of the ordinary test run. */
export const mutants: readonly Mutant[] = [
  { rule: 'conditional commit', broken: { breakStorage: unconditional(/compacted\.parquet$/) } },
  { rule: 'mark put-if-absent', broken: { breakStorage: unconditional(/_state\/ingested/) } },
  {
    rule: 'lineage',
    patches: [
      [FRAGMENTS, "if (lineage && Object.hasOwn(lineage.names, fragment.name)) return { state: 'absorbed' }", ''],
    ],
  },
  {
    rule: 'delete only after commit',
    patches: [
      [
        COMPACTOR,
        'const committed = await commitPartition(',
        'await remove(found.candidates, result)\n    const committed = await commitPartition(',
      ],
    ],
  },
  {
    rule: 'clean-up by the re-read footer',
    patches: [[COMMIT, '  return standing\n', '  return next\n']],
  },
  {
    rule: 'clean-up by the re-read footer and the check of runId before it',
    patches: [
      [COMPACTOR, 'if (committed?.runId !== runId)', 'if (!committed)'],
      [COMPACTOR, 'found.candidates.filter(({ name }) => Object.hasOwn(committed.names, name))', 'found.candidates'],
    ],
  },
  {
    rule: 'only mark-listed candidates: fragments without a mark wait',
    patches: [
      [
        FRAGMENTS,
        "if (!stored) return { state: 'unmarked', footer }",
        "if (!stored) return { state: 'live', modified: 0, rows: 0 }",
      ],
      [COMMIT, 'if (rows !== next.rows) throw', 'if (false) throw'],
    ],
  },
  {
    rule: 'only mark-listed candidates: orphans never count',
    patches: [
      [
        FRAGMENTS,
        "if (!listed) return { state: 'orphan' }",
        "if (!listed) return { state: 'live', modified: stored.modified, rows: 0 }",
      ],
      [COMMIT, 'if (rows !== next.rows) throw', 'if (false) throw'],
    ],
  },
  {
    rule: 'the sweep of orphans',
    patches: [[COMPACTOR, 'remove([...found.orphans, ...found.absorbed], result)', 'remove(found.absorbed, result)']],
  },
  {
    rule: 'the clean-up of what an earlier run left',
    patches: [[COMPACTOR, 'remove([...found.orphans, ...found.absorbed], result)', 'remove(found.orphans, result)']],
  },
  {
    rule: 'mark last',
    patches: [
      [
        PROCESSOR,
        "await storage.put(fragmentKey(prefix, name), bytes, 'absent')",
        "late.push(() => storage.put(fragmentKey(prefix, name), bytes, 'absent'))",
      ],
      [PROCESSOR, 'let flushes = 0', 'let flushes = 0\n    const late: (() => Promise<unknown>)[] = []'],
      [
        PROCESSOR,
        'if (await writeMark(storage, prefix, mark)) return mark',
        'const won = await writeMark(storage, prefix, mark)\n    for (const write of late) await write()\n    if (won) return mark',
      ],
    ],
  },
  {
    rule: 'the mark waits until every write is acknowledged',
    patches: [
      [
        PROCESSOR,
        "await storage.put(fragmentKey(prefix, name), bytes, 'absent')",
        "await storage.put(fragmentKey(prefix, name), bytes, 'absent').catch(() => null)",
      ],
    ],
  },
  {
    rule: 'who loses the mark deletes only what the winner does not list',
    patches: [[PROCESSOR, 'own.fragments.filter(({ name }) => !counted.has(name))', 'own.fragments']],
  },
  {
    rule: 'refusal of other content',
    broken: { logRules: { refusesOtherContent: false, removesOnlyThisVersion: true } },
  },
  {
    rule: 'conditional source deletion',
    broken: { logRules: { refusesOtherContent: true, removesOnlyThisVersion: false } },
  },
  {
    rule: 'refusal of other content, of a file',
    patches: [[LOGS, "sha256.copy().digest('hex') === newest.sha256", 'true']],
    onlyStories: true,
  },
  {
    rule: 'conditional source deletion, of a file',
    patches: [[LOGS, 'if (info?.etag !== etag || Date', 'if (!info || Date']],
    onlyStories: true,
  },
  {
    rule: 'a file goes only after a day of silence',
    patches: [[LOGS, '|| Date.now() - info.lastModified < DAY_MS', '']],
    onlyStories: true,
  },
  {
    rule: 'nothing partial in the lake (I6), on disk',
    patches: [
      [
        LOCAL,
        'const temporary = join(temporaries, temporaryName())',
        'await makeFolder(dirname(path))\n      const temporary = path',
      ],
    ],
    onlyStories: true,
  },
  {
    rule: 'put-if-absent, on disk',
    patches: [[LOCAL, 'await linkIfAbsent(temporary, path)', '(await rename(temporary, path), true)']],
    onlyStories: true,
  },
  {
    rule: 'replace only the version that was seen, on disk',
    patches: [[LOCAL, 'if ((await head(key))?.etag !== condition.ifMatch) return false', '']],
    onlyStories: true,
  },
  {
    rule: 'the lock around compare and swap, on disk',
    patches: [[LOCAL, 'await withLock(', 'await ((_: string, swap: () => Promise<boolean>) => swap())(']],
    onlyStories: true,
  },
  {
    rule: 'a source goes only once its mark stands',
    patches: [
      [
        PROCESSOR,
        'const next = await source.next(info, newest)',
        'const next = await source.next(info, newest)\n        if (deleteSources) await source.remove(info)',
      ],
    ],
  },
  {
    rule: 'a fragment is named after its bytes',
    patches: [
      [
        LAYOUT,
        "const id12 = createHash('sha256').update(bytes).digest('hex').slice(0, 12)",
        "const id12 = createHash('sha256').update(hour).digest('hex').slice(0, 12)",
      ],
    ],
  },
  {
    rule: 'the footer carries the flush number',
    patches: [[PROCESSOR, 'flush: String(flushes++)', "flush: '0'"]],
  },
  {
    rule: 'forgotten: what left the lineage still counts as in it',
    patches: [[FRAGMENTS, 'if (lineage && stored.modified <= lineage.forgotten) {', 'if (false) {']],
  },
  {
    rule: 'only what was written after its mark can have been forgotten',
    patches: [[FRAGMENTS, 'if (fragment.lastModified > stored.modified) return', 'if (lineage) return']],
    onlyStories: true,
  },
  {
    rule: 'a name leaves only a day after its mark',
    patches: [[COMPACTOR, 'Math.min(newest - DAY_MS, oldestLeftOut)', 'Math.min(newest, oldestLeftOut)']],
  },
  {
    rule: 'forgotten never moves past a mark that is left out',
    patches: [[COMPACTOR, 'Math.min(newest - DAY_MS, oldestLeftOut)', 'newest - DAY_MS']],
  },
  {
    rule: 'only sources that are gone are given up',
    patches: [[ABANDON, '|| (await sourceExists(sourceName, key))', '']],
  },
  {
    rule: 'fragments of a source that vanished are given up after a day',
    patches: [[ABANDON, '    await writeMark(storage, prefix, mark)\n', '']],
  },
  {
    rule: 'a source that is gone waits a day before it is given up',
    patches: [[ABANDON, 'now() - fragment.lastModified < DAY_MS || ', '']],
    onlyStories: true,
  },
  {
    rule: 'who loses the mark takes its own fragments away',
    patches: [[PROCESSOR, '!counted.has(name)', 'false']],
    onlyStories: true,
  },
  {
    rule: 'runId: a commit that took is recognised',
    patches: [[COMMIT, 'if (failure && standing?.runId !== next.runId && !wasGone(failure))', 'if (failure)']],
    onlyStories: true,
  },
  {
    rule: 'runId: a commit that failed is told',
    patches: [[COMMIT, 'if (failure && standing?.runId !== next.runId && !wasGone(failure)) throw failure', '']],
    onlyStories: true,
  },
  {
    rule: 'runId: a lost race is no commit',
    patches: [[COMPACTOR, 'if (committed?.runId !== runId)', 'if (!committed)']],
    onlyStories: true,
  },
  {
    rule: 'rows merged are the rows that the marks count',
    patches: [[COMMIT, 'if (rows !== next.rows) throw', 'if (false) throw']],
    onlyStories: true,
  },
  {
    rule: 'a compactor refuses a lake of another granularity',
    patches: [[COMPACTOR, 'await checkLake(storage, prefix, granularity)', '']],
    onlyStories: true,
  },
  {
    rule: 'a replay refuses a partition that holds more than its marks',
    patches: [[REPLAY, 'if (lineage && lineage.rows !== heldRows(lineage, listed))', 'if (false)']],
  },
  {
    rule: 'retention removes whole partitions only',
    patches: [[RETENTION, 'partitionSpan(partition.path)[1] <= before', 'partitionSpan(partition.path)[0] <= before']],
  },
  {
    rule: 'what retention removes stays in the lineage',
    patches: [[RETENTION, 'return { ...next, rows: 0,', 'return { ...next, names: {}, rows: 0,']],
  },
  {
    rule: 'the books know what retention removed',
    patches: [[RETENTION, 'adjusted: adjusted === 0 ? {} : { [path]: adjusted }', 'adjusted: {}']],
  },
  {
    rule: 'retention deletes only after its commit',
    patches: [
      [
        RETENTION,
        'const committed = isDry',
        'await storage.delete(found.candidates.map(({ key }) => key))\n    const committed = isDry',
      ],
    ],
  },
  {
    rule: 'retention deletes only by the re-read footer',
    patches: [
      [RETENTION, 'if (committed?.runId !== next.runId)', 'if (!committed)'],
      [RETENTION, 'found.candidates.filter(({ name }) => Object.hasOwn(committed.names, name))', 'found.candidates'],
    ],
  },
  {
    rule: 'a dry run of retention changes nothing',
    patches: [[RETENTION, 'const committed = isDry ? next : await', 'const committed = await']],
    onlyStories: true,
  },
  {
    rule: "the reader's mark filter",
    patches: [[READER, "if (state !== 'live') return", "if (state === 'absorbed') return"]],
  },
  {
    rule: "the reader's second look",
    patches: [[READER, 'if (stale.length === 0) break', 'if (stale.length === 0 || look > 0) break']],
  },
  {
    rule: "the reader's second look at generations",
    patches: [[READER, "taken.get(path)?.etag !== (compacted?.etag ?? '') ||", '!taken.has(path) ||']],
  },
  {
    rule: "the reader's second look at sources that count elsewhere",
    patches: [
      [
        READER,
        'fragments.some(({ name }) => !known.fragments.has(name) && known.sources.has(sourceOf(name)))',
        'fragments.length < 0',
      ],
    ],
  },
]

export const subjectOf = async ({ rule, patches, broken }: Mutant): Promise<Subject> => ({
  ...broken,
  code: patches ? await loadPatched(rule, patches) : real,
})

/** The code under test with these patches. Throws where a text does not stand there exactly once. */
async function loadPatched(name: string, patches: readonly Patch[]): Promise<Code> {
  const patched = new Map<string, string>()
  for (const [file, from, to] of patches) {
    const path = join(sources, file)
    const text = patched.get(path) ?? readFileSync(path, 'utf8')
    const found = text.split(from).length - 1
    if (found !== 1) throw new Error(`${name}: "${from}" stands ${found} times in ${file}; bring mutants.ts up to date`)
    patched.set(
      path,
      text.replace(from, () => to),
    )
  }
  const exports = [
    'processor/index',
    'compactor/index',
    'compactor/replay',
    '../maintenance/retention',
    'lake/reader',
    'storage/local',
    'storage/logs',
  ]
  const { outputFiles } = await build({
    stdin: { contents: exports.map((file) => `export * from './${file}.ts'`).join('\n'), resolveDir: sources },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [
      {
        name: 'patch',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const contents = patched.get(path)
            return contents === undefined ? undefined : { contents, loader: 'ts' }
          }),
      },
    ],
  })
  const folder = join(root, '.tmp/mutants')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${process.pid}-${name.replace(/\W+/g, '-')}.mjs`)
  writeFileSync(path, outputFiles[0]?.contents ?? '')
  try {
    return (await import(pathToFileURL(path).href)) as Code
  } finally {
    rmSync(path)
  }
}
