import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from '../errors.ts'
import { spelling } from '../pm.ts'
import type { Answers } from '../questions.ts'
import { NAME } from '../version.ts'

interface Change {
  id: keyof Answers
  from: unknown
  to: unknown
}

/** A project, and the folder of the pipeline in it: '' where it is its own. */
interface Home {
  dir: string
  home: string
}

/** Where a project keeps its data, as its config says; the default where the user computes it. */
interface Places {
  source: string
  lake: string
  prefix: string
  deleteSources: boolean
}

/**
 * A lake keeps the partition and the kind of files it was founded with. Throws where a change of answers would leave the
 * project standing before a lake it refuses, with the steps that move the data safely.
 */
export function refuseOtherLake(project: Home, changes: readonly Change[], answers: Answers): void {
  const places = placesOf(project)
  const founded = foundedAs(project.dir, places)
  if (!founded) return
  const fixed = changes.filter(({ id, to }) =>
    id === 'granularity'
      ? founded.granularity !== undefined && founded.granularity !== to
      : id === 'parquet' &&
        founded.extension !== undefined &&
        founded.extension !== extensionOf(to as Answers['parquet']),
  )
  if (fixed.length === 0) return
  const { run } = spelling(answers.pm)
  const aside = `${places.lake.replace(/\/+$/, '')}-${fixed[0]?.from}`
  const flags = changes.map(({ id, to }) => `--set ${id}=${to}`).join(' ')
  const what = founded.extension === '.ndjson' ? 'read_ndjson' : 'read_parquet'
  const steps = places.deleteSources
    ? `The raw logs are deleted once they are ingested (deleteSources), so its rows cannot be written anew. They can stay as
they are: stop the jobs, finish with \`${run} compact\`, move the lake aside (mv ${places.lake} ${aside}), and run this again.
A DuckDB of your own still reads the old one: ${what}('${aside}/**/*${founded.extension}').`
    : `Its rows are written anew from the raw logs, which are kept in ${places.source}:
  1. stop the jobs, and move the lake aside:  mv ${places.lake} ${aside}
  2. npx ${NAME} upgrade ${flags}
  3. ${run} ingest      builds the new lake from every raw log that is still there
  4. ${run} verify      then compare its rows with those of the old one, and delete ${aside}
Raw logs that you have deleted are only in ${aside}: keep it, and read it with ${what}('${aside}/**/*${founded.extension}').`
  throw new CliError(
    `The lake in ${places.lake} was founded with ${fixed.map(({ id, from }) => `${id} ${from}`).join(' and ')}, and keeps that for life.`,
    { code: 'LAKE_FIXED', hint: `${steps}\nNothing was changed.`, details: { lake: places.lake } },
  )
}

/** What other answers mean for data that is there already, in words. */
export function meaningFor(changes: readonly Change[], project: Home): string[] {
  const { lake, source } = placesOf(project)
  return changes.flatMap(({ id, from, to }): string[] => {
    if (id === 'granularity')
      return [
        `A lake that was founded with granularity ${from} keeps it: this project now needs a new lake (or prefix).`,
      ]
    if (id === 'parquet' && extensionOf(from as Answers['parquet']) !== extensionOf(to as Answers['parquet']))
      return [
        `A lake of ${extensionOf(from as Answers['parquet'])} files keeps them: this project now needs a new lake (or prefix).`,
      ]
    if (id === 'storage')
      return [
        `Rows that are stored (storage ${from}) stay where they are and are not moved. The new lake (storage ${to}) begins empty.`,
        from === 'local'
          ? `To have the old rows there too, ingest the raw logs of ${source} again; until then keep ${lake}.`
          : 'To have the old rows there too, ingest the raw logs again; until then keep the old lake.',
        'Name the places in analytics.config.ts, or the buckets in wrangler.jsonc; credentials come from the environment.',
      ]
    if (id === 'trigger')
      return [
        'Data is not touched: the marks in the lake know what was ingested, whoever starts it.',
        to === 'queue'
          ? 'Logs that came before the queue did are found by the hourly look for what was missed. Create the queues and the notice of new logs before you deploy: the README says how.'
          : 'What still waits in the queue is found by the next run of `ingest`; the queues can go.',
      ]
    if (id === 'format')
      return ['Raw logs in the old format that are not ingested yet would count as lines of others: ingest them first.']
    return []
  })
}

const extensionOf = (parquet: Answers['parquet']) => (parquet === 'ndjson' ? '.ndjson' : '.parquet')

function placesOf({ dir, home }: Home): Places {
  const text = readOr(join(dir, home, 'analytics.config.ts'))
  const word = (key: string) => new RegExp(`^\\s*${key}:\\s*'([^']*)'`, 'm').exec(text)?.[1]
  return {
    source: word('source') ?? './logs',
    lake: word('lake') ?? './lake',
    prefix: word('prefix') ?? 'analytics',
    deleteSources: /^\s*deleteSources:\s*true/m.test(text),
  }
}

function foundedAs(dir: string, { lake, prefix }: Places): { granularity?: string; extension?: string } | undefined {
  const text = readOr(join(dir, lake, prefix, '_state/lake.json'))
  try {
    return text ? JSON.parse(text) : undefined
  } catch {
    // Not ours to judge: the jobs refuse a lake whose state is not readable, and say so.
    return undefined
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
    throw error
  }
}
