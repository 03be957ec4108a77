import type { Customization } from './customization.ts'

/** Where logs come from and where the lake lies. */
export const storage: Customization[] = [
  {
    title: 'Fix in the local storage: a file that is busy is deleted a moment later',
    edit: (project) =>
      project
        .edit(
          'src/storage/local.ts',
          '        await unlink(pathOf(key)).catch(ifMissing)\n',
          '        await unlinkPatiently(pathOf(key))\n',
        )
        .append('src/storage/local.ts', UNLINK_PATIENTLY),
  },
  {
    title: 'The lake need not be on the disk at once in CI',
    edit: (project) =>
      project
        .edit('src/storage/local.ts', '    await file.sync()\n', '    if (!process.env.CI) await file.sync()\n')
        .edit(
          'src/storage/local.ts',
          "if (process.platform === 'win32') return",
          "if (process.platform === 'win32' || process.env.CI) return",
        ),
  },
  {
    title: 'Only .ndjson and .gz are logs',
    edit: (project) =>
      project.edit(
        'src/storage/logs.ts',
        "  for (const path of paths.filter((path) => !`/${path}`.includes('/.'))) {",
        "  for (const path of paths.filter((path) => /\\.(ndjson|gz)$/.test(path) && !`/${path}`.includes('/.'))) {",
      ),
  },
  {
    title: 'Logs that are on a network share are read in larger pieces and settle later',
    edit: (project) =>
      project
        .edit('src/storage/local.ts', 'const CHUNK = 1 << 18', 'const CHUNK = 1 << 20')
        .edit('src/storage/logs.ts', 'settleMs = 5000,', 'settleMs = 60_000,')
        .edit('analytics.config.ts', '  settle: 5,', '  settle: 60,'),
  },
  {
    title: 'Logs are fetched from the servers over HTTP: a source of our own',
    edit: (project) =>
      project
        .create('src/storage/http-logs.ts', HTTP_LOGS)
        .edit(
          'src/wiring.ts',
          "import { localStorageAdapter } from './storage/local.ts'",
          "import { httpLogs } from './storage/http-logs.ts'\nimport { localStorageAdapter } from './storage/local.ts'",
        )
        .edit('src/wiring.ts', '  const source = localLogs(settings.source', HTTP_WIRING),
  },
  {
    title: 'Every call to the storage is counted',
    edit: (project) =>
      project
        .create('src/storage/counted.ts', COUNTED)
        .create('src/storage/counted.test.ts', COUNTED_TEST)
        .edit('src/wiring.ts', "import { localStorageAdapter } from './storage/local.ts'", COUNTED_IMPORT)
        .edit('src/wiring.ts', 'localStorageAdapter(settings.lake)', 'counted(localStorageAdapter(settings.lake))'),
  },
  {
    title: 'Our folders, smaller buffers, compaction after two days',
    edit: (project) =>
      project
        .edit('analytics.config.ts', "source: './logs'", "source: '/var/log/gateway'")
        .edit('analytics.config.ts', "lake: './lake'", "lake: '/srv/analytics/lake'")
        .edit('analytics.config.ts', 'maxEntriesPerFile: 100_000', 'maxEntriesPerFile: 25_000')
        .edit('analytics.config.ts', "before: '24h'", "before: '48h'")
        .edit('analytics.config.ts', 'deleteSources: false', 'deleteSources: true'),
  },
  {
    title: 'The folders come from the environment',
    edit: (project) =>
      project
        .edit('analytics.config.ts', "  source: './logs',", "  source: process.env.LOGS ?? './logs',")
        .edit('analytics.config.ts', "  lake: './lake',", "  lake: process.env.LAKE ?? './lake',"),
  },
  {
    title: 'A run of ingest takes at most a minute',
    edit: (project) =>
      project.edit(
        'src/wiring.ts',
        'createProcessor({ ...place, ...reading, deleteSources, onProgress })',
        'createProcessor({ ...place, ...reading, deleteSources, onProgress, budget: { milliseconds: 60_000 } })',
      ),
  },
  {
    title: 'Reading of logs is ours from now on: ejected, and cut down to plain files that only grow',
    ejected: ['src/storage/logs.ts', 'src/storage/log-heads.ts'],
    edit: (project) => project.rewrite('src/storage/logs.ts', PLAIN_LOGS).remove('src/storage/log-heads.ts'),
  },
]

const UNLINK_PATIENTLY = `
/** A virus scanner may hold a file for a moment: our Windows machines have one. */
async function unlinkPatiently(path: string, tries = 5): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (tries === 0 || (code !== 'EBUSY' && code !== 'EPERM')) return void ifMissing(error as NodeJS.ErrnoException)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await unlinkPatiently(path, tries - 1)
  }
}
`

const HTTP_LOGS = `import { createHash } from 'node:crypto'
import type { Bytes, LogSource, SourceInfo } from '../types.ts'
import { readAll } from '../lake/state.ts'

type Listed = Omit<SourceInfo, 'path'>

/** Whole logs of servers that list theirs under \`/logs\`. A log never changes once it is listed. */
export function httpLogs(base: string, name = 'servers'): LogSource {
  const fetchBody = async (key: string): Promise<Bytes | null> => {
    const response = await fetch(\`\${base}/logs/\${encodeURIComponent(key)}\`)
    return response.ok ? (response.body as unknown as Bytes) : null
  }
  const listed = async (): Promise<Listed[]> => {
    const response = await fetch(\`\${base}/logs\`)
    return JSON.parse(Buffer.from(await readAll(response.body as unknown as Bytes)).toString())
  }
  return {
    name,
    recheckMs: Infinity,
    async *list() {
      for (const info of await listed()) yield { ...info, path: info.key }
    },
    async next({ key, path, etag }, newest) {
      if (newest) return 'ingested'
      const body = await fetchBody(key)
      return body ? { key, path, offset: 0, identity: etag, body, sha256: createHash('sha256') } : 'later'
    },
    async reopen({ key, path, etag }) {
      const body = await fetchBody(key)
      return body && { key, path, offset: 0, identity: etag, body, sha256: createHash('sha256') }
    },
    exists: async (key) => (await listed()).some((info) => info.key === key),
    remove: async () => false,
  }
}
`

const HTTP_WIRING = `  const source = settings.source.startsWith('http')
    ? httpLogs(settings.source)
    : localLogs(settings.source`

const COUNTED_IMPORT = `import { counted } from './storage/counted.ts'
import { localStorageAdapter } from './storage/local.ts'`

const COUNTED = `import type { CompactorStorage } from '../types.ts'

export type Calls = Record<'list' | 'head' | 'get' | 'put' | 'delete', number>

/** The same storage, with its calls counted. */
export function counted(storage: CompactorStorage): CompactorStorage & { calls: Calls } {
  const calls: Calls = { list: 0, head: 0, get: 0, put: 0, delete: 0 }
  return {
    calls,
    list(prefix, startAfter) {
      calls.list++
      return storage.list(prefix, startAfter)
    },
    head(key) {
      calls.head++
      return storage.head(key)
    },
    get(key, options) {
      calls.get++
      return storage.get(key, options)
    },
    put(key, body, condition) {
      calls.put++
      return storage.put(key, body, condition)
    },
    delete(keys) {
      calls.delete++
      return storage.delete(keys)
    },
  }
}
`

const COUNTED_TEST = `import { expect, it } from 'vitest'
import { counted } from './counted.ts'
import { memoryStorage } from './memory.ts'

it('counts what reaches the storage', async () => {
  const storage = counted(memoryStorage())
  await storage.put('a', Buffer.from('x'), 'absent')
  await storage.head('a')
  expect(storage.calls).toEqual({ list: 0, head: 1, get: 0, put: 1, delete: 0 })
})
`

const PLAIN_LOGS = `import { createHash } from 'node:crypto'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogSource } from '../types.ts'
import { etagOf, ifMissing, readRange } from './local.ts'

/** Log files in a folder, known by their names. They grow, and nothing else ever happens to them. */
export function localLogs(folder: string, { settleMs = 5000 } = {}): LogSource {
  const look = async (path: string) => {
    const stats = await stat(join(folder, path), { bigint: true }).catch(ifMissing)
    const lastModified = Number(stats?.mtimeMs ?? 0)
    return stats && { key: path, path, size: Number(stats.size), etag: etagOf(stats), lastModified }
  }
  return {
    name: 'logs',
    recheckMs: Infinity,
    async *list() {
      for (const path of (await readdir(folder)).sort()) {
        const info = await look(path)
        if (info) yield info
      }
    },
    async next({ key, path, size, etag, lastModified }, newest) {
      const offset = newest ? newest.offset + newest.size : 0
      if (offset === size) return 'ingested'
      if (Date.now() - lastModified < settleMs) return 'later'
      const file = await open(join(folder, path))
      return { key, path, offset, identity: etag, body: readRange(file, offset, size), sha256: createHash('sha256') }
    },
    async reopen({ key, path, etag }, { offset, size }) {
      const file = await open(join(folder, path)).catch(ifMissing)
      const range = { key, path, offset, identity: etag, sha256: createHash('sha256') }
      return file && { ...range, body: readRange(file, offset, offset + size) }
    },
    exists: async (key) => (await look(key)) !== null,
    remove: async () => false,
  }
}
`
