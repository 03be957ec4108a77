import { isModule } from '../tree.ts'
import type { TemplateChange } from './change.ts'

/** Changes within files. */
export const small: TemplateChange[] = [
  {
    title: 'A bug fix in the processor, with its test',
    edit: (release) =>
      release
        .edit(
          'src/processor/index.ts',
          '    const isSpent = () =>\n',
          '    // A budget of nothing would leave every source for ever: it is taken for none.\n    const isSpent = () =>\n',
        )
        .edit(
          'src/processor/index.ts',
          'result.sources >= (budget.sources ?? Infinity)',
          'result.sources >= (budget.sources || Infinity)',
        )
        .edit(
          'src/processor/index.ts',
          'result.bytes >= (budget.bytes ?? Infinity)',
          'result.bytes >= (budget.bytes || Infinity)',
        )
        .edit(
          'src/processor/index.test.ts',
          "  it('deletes a source only when asked, and only once its mark stands', async () => {",
          "  it('takes a budget of nothing for none', async () => {\n    const lake = testLake(memoryLogs({ 'a.ndjson': three }))\n    expect(await lake.ingest({ budget: { sources: 0 } })).toMatchObject({ sources: 1, left: 0 })\n  })\n\n  it('deletes a source only when asked, and only once its mark stands', async () => {",
        ),
  },
  {
    title: 'Bug fixes in the storage adapter and the log reader',
    edit: (release) =>
      release
        .edit(
          'src/storage/local.ts',
          "    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EXDEV')",
          "    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'EXDEV')",
        )
        .edit(
          'src/storage/local.ts',
          '        await unlink(pathOf(key)).catch(ifMissing)\n',
          '        const path = pathOf(key)\n        await unlink(path).catch(ifMissing)\n',
        )
        .edit(
          'src/storage/local.ts',
          '        await rmdir(dirname(pathOf(key))).catch(() => null)',
          '        await rmdir(dirname(path)).catch(() => null)',
        )
        .edit(
          'src/storage/logs.ts',
          "  for (const path of paths.filter((path) => !`/${path}`.includes('/.'))) {",
          "  const isHidden = (path: string) => `/${path}`.includes('/.') || path.endsWith('~')\n  for (const path of paths.filter((path) => !isHidden(path))) {",
        ),
  },
  {
    title: 'An export gets a better name',
    edit: (release) => release.renameSymbol('readAll', 'readToEnd'),
  },
  {
    title: 'The interface of the storage says how many keys it deleted, under a new name',
    edit: (release) =>
      release
        .edit(
          'src/types.ts',
          '  /** Deletes; a key that is gone already is no error. */\n  delete(keys: readonly string[]): Promise<void>',
          '  /** Deletes, and says how many there were to delete: a key that is gone already is no error. */\n  remove(keys: readonly string[]): Promise<number>',
        )
        .edit(
          'src/storage/memory.ts',
          '    async delete(keys) {\n      for (const key of keys) objects.delete(key)\n',
          '    async remove(keys) {\n      return keys.filter((key) => objects.delete(key)).length\n',
        )
        .edit('src/storage/local.ts', '    async delete(keys) {\n', '    async remove(keys) {\n      let removed = 0\n')
        .edit(
          'src/storage/local.ts',
          '        await unlink(pathOf(key)).catch(ifMissing)\n',
          '        if ((await unlink(pathOf(key)).catch(ifMissing)) !== null) removed++\n',
        )
        .edit(
          'src/storage/local.ts',
          '        await rmdir(dirname(pathOf(key))).catch(() => null)\n      }\n',
          '        await rmdir(dirname(pathOf(key))).catch(() => null)\n      }\n      return removed\n',
        )
        .each(isModule, (text) => text.replaceAll('storage.delete(', 'storage.remove('))
        .edit('src/compactor/replay.test.ts', "'put', 'delete', 'head', 'get'", "'put', 'remove', 'head', 'get'"),
  },
  {
    title: 'A new option in the config, handed down to the processor',
    edit: (release) =>
      release
        .after(
          'analytics.config.ts',
          '  maxEntriesPerFile: 100_000,',
          '  /** A longer line is counted as rejected and not read into memory. Bytes. */\n  maxLineBytes: 1_048_576,',
        )
        .edit('src/wiring.ts', '  maxEntriesPerFile: number\n', '  maxEntriesPerFile: number\n  maxLineBytes: number\n')
        .edit(
          'src/wiring.ts',
          'const { prefix, granularity, maxEntriesPerFile, deleteSources } = settings',
          'const { prefix, granularity, maxEntriesPerFile, maxLineBytes, deleteSources } = settings',
        )
        .edit(
          'src/wiring.ts',
          'parseLine, transform, maxEntriesPerFile }',
          'parseLine, transform, maxEntriesPerFile, maxLineBytes }',
        ),
  },
  {
    title: 'Dependencies and scripts move on, the compiler checks more',
    edit: (release) =>
      release
        .json('package.json', ({ dependencies, devDependencies, scripts, engines }) => {
          dependencies.hono = '^4.14.0'
          dependencies['@duckdb/node-api'] = '1.5.7-r.1'
          devDependencies.tsx = '^4.24.0'
          devDependencies.vitest = '^4.2.0'
          scripts.typecheck = 'tsc --noEmit'
          scripts.check = 'npm run typecheck && npm test'
          engines.node = '>=20.19'
        })
        .edit(
          'tsconfig.json',
          '    "noImplicitOverride": true,\n',
          '    "noImplicitOverride": true,\n    "noUnusedLocals": true,\n',
        )
        .append('.gitignore', '*.tsbuildinfo\n'),
  },
  {
    title: 'Docstrings reworded in many files',
    edit: (release) =>
      release
        .each(isModule, (text) => text.replaceAll('milliseconds since the epoch', 'ms since 1970-01-01'))
        .edit(
          'src/wiring.ts',
          '/** The one place where interfaces meet their implementations: change a storage, an engine or a format here. */',
          '/** Interfaces meet their implementations here, and only here. */',
        )
        .edit(
          'src/lake/layout.ts',
          '/** A partition is what one compacted file covers. */',
          '/** A partition: the span that one compacted file covers. */',
        )
        .edit(
          'src/processor/index.ts',
          '/** NDJSON in, Parquet fragments and a mark per source out. Safe to run twice, at once and after any crash. */',
          '/** Log lines in, fragments and one mark per source out. Safe to run twice, at once, and after any crash. */',
        )
        .edit(
          'src/compactor/index.ts',
          '/** What the sweep found in one partition. */',
          '/** One partition after the sweep. */',
        )
        .edit(
          'src/policy/analytics.ts',
          '/** One line on stdout, for whoever collects it: Logpush, Docker, systemd, `| npm run capture`. */',
          '/** One line on stdout for whoever collects it. */',
        )
        .edit(
          'src/storage/local.ts',
          '/** Removes what killed processes left behind, once a run. */',
          '/** Once a run: removes what killed processes left behind. */',
        )
        .edit(
          'src/storage/logs.ts',
          '/** Position after the last newline in `[start, end)`, else `start`. */',
          '/** Where the last whole line in `[start, end)` ends, else `start`. */',
        )
        .edit(
          'query/table.ts',
          '/** What is known of where text goes to. */',
          '/** Where text goes to, as far as it is known. */',
        )
        .edit('analytics.config.ts', '  /** Where raw logs are read from. */', '  /** The folder of the raw logs. */')
        .edit(
          'test/fakes.ts',
          '/** Raw logs in memory: whole objects under a key. */',
          '/** Logs in memory, whole objects under a key each. */',
        ),
  },
  {
    title: 'Another first line in every module',
    edit: (release) =>
      release.each(isModule, (text) =>
        text.replace(
          /^\/\/ From create-stoma-analytics\..*/,
          '// Emitted by create-stoma-analytics; `npx create-stoma-analytics upgrade` brings newer releases.',
        ),
      ),
  },
  {
    title: 'Lines are cut by a class that keeps its state',
    edit: (release) => release.edit('src/processor/lines.ts', CUT_BEFORE, CUT_AFTER),
  },
  {
    title: 'The report shows one more figure, and its tables a total',
    edit: (release) =>
      release
        .edit(
          'sql/report/1-overview.sql',
          '  bytes(sum(responseSize)) AS sent_bytes,',
          '  bytes(sum(responseSize)) AS sent_bytes,\n  bytes(max(responseSize)) AS largest_bytes,',
        )
        .edit(
          'sql/report/3-routes.sql',
          '  bytes(sum(responseSize)) AS sent_bytes\n',
          '  bytes(sum(responseSize)) AS sent_bytes,\n  max(timestamp) AS newest\n',
        )
        .edit(
          'query/report.ts',
          '    if (tables.overview?.[0]?.requests === 0)',
          '    if (Number(tables.overview?.[0]?.requests ?? 0) === 0)',
        )
        .edit(
          'query/table.ts',
          "  return `${lines.join('\\n')}\\n`",
          "  return lines.map((line) => `${line}\\n`).join('')",
        ),
  },
]

const CUT_BEFORE = `  let rest: Buffer[] = []
  let restBytes = 0
  let first = true
  const finish = (end: Buffer): RawLine => {
    const tooLong = restBytes + end.length > maxLineBytes
    let line = tooLong ? null : restBytes ? Buffer.concat([...rest, end]) : end
    rest = []
    restBytes = 0
    if (line && first && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3)
    first = false
    return line?.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
  }
  for await (const chunk of gunzipped(body, maxGzipRatio)) {
    const lines: RawLine[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(finish(chunk.subarray(start, end)))
      start = end + 1
    }
    if (start < chunk.length) {
      restBytes += chunk.length - start
      // A line that is too long already is only counted on, not kept.
      rest = restBytes > maxLineBytes ? [] : [...rest, chunk.subarray(start)]
    }
    if (lines.length) yield lines
  }
  if (restBytes) yield [finish(Buffer.alloc(0))]
}
`

const CUT_AFTER = `  const cutter = new Cutter(maxLineBytes)
  for await (const chunk of gunzipped(body, maxGzipRatio)) {
    const lines = cutter.cut(chunk)
    if (lines.length) yield lines
  }
  const last = cutter.end()
  if (last !== undefined) yield [last]
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/** Cuts chunks into lines; what is left of a chunk waits here for the next one. */
class Cutter {
  private readonly maxLineBytes: number
  private rest: Buffer[] = []
  private restBytes = 0
  private isFirst = true

  constructor(maxLineBytes: number) {
    this.maxLineBytes = maxLineBytes
  }

  cut(chunk: Buffer): RawLine[] {
    const lines: RawLine[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(this.finish(chunk.subarray(start, end)))
      start = end + 1
    }
    if (start < chunk.length) {
      this.restBytes += chunk.length - start
      // A line that is too long already is only counted on, not kept.
      this.rest = this.restBytes > this.maxLineBytes ? [] : [...this.rest, chunk.subarray(start)]
    }
    return lines
  }

  end(): RawLine | undefined {
    return this.restBytes ? this.finish(Buffer.alloc(0)) : undefined
  }

  private finish(end: Buffer): RawLine {
    const tooLong = this.restBytes + end.length > this.maxLineBytes
    let line = tooLong ? null : this.restBytes ? Buffer.concat([...this.rest, end]) : end
    this.rest = []
    this.restBytes = 0
    if (line && this.isFirst && line.subarray(0, 3).equals(BOM)) line = line.subarray(3)
    this.isFirst = false
    return line?.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
  }
}
`
