import { readFile } from 'node:fs/promises'
import { scan } from '../lake/reader.ts'
import { analyticsView, type Lake, marksView, type QueryContext, withLake } from './duckdb.ts'
import { bold, renderErrors, renderTable, styleOf } from './table.ts'

const readSql = (name: string) => readFile(new URL(`../../sql/verify/${name}.sql`, import.meta.url), 'utf8')

/** Balances the books: what the marks say was read and stored, against each other and against the rows in the lake. */
export async function runVerify(ctx: QueryContext, flags: { json?: boolean }): Promise<number> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const marks = await keysOfMarks(ctx)
    const books = await withLake(ctx, async (lake) =>
      // A source marked meanwhile may be in the snapshot or not, so the books are read between two equal lists.
      String(await keysOfMarks(ctx)) === String(marks) ? readBooks(ctx, lake, marks) : null,
    )
    if (!books) continue
    const { ledger, imbalances, errors } = books
    const isBalanced = imbalances.length === 0 && errors.length === 0
    const verdict = isBalanced ? 'Balanced: nothing lost, nothing twice.' : 'NOT balanced.'
    const detail = imbalances.length > 0 ? `\n${renderTable(imbalances, { ...styleOf(ctx), units: true })}` : ''
    const text = `${renderTable(ledger, { ...styleOf(ctx), units: true })}\n${bold(verdict, ctx)}\n${detail}${renderErrors(errors)}`
    ctx.stdout.write(flags.json ? `${JSON.stringify({ isBalanced, ledger: ledger[0], imbalances, errors })}\n` : text)
    return isBalanced ? 0 : 1
  }
  throw new Error('ingest kept adding to the lake: run verify again when it rests')
}

async function keysOfMarks({ storage, prefix }: QueryContext): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list(`${prefix}/_state/ingested/`)) keys.push(key)
  return keys
}

async function readBooks(ctx: QueryContext, { rows, files, broken }: Lake, marks: string[]) {
  const errors = [...broken]
  const count = await readSql('counted')
  await rows(marksView(ctx.lakeDir, marks))
  await rows(count).catch(async () => {
    const sound: string[] = []
    for (const { key, path } of files)
      await rows(`SELECT bit_xor(hash(file)) FROM ${scan([path])} AS file`).then(
        () => sound.push(path),
        (error: Error) => errors.push({ where: key, message: error.message }),
      )
    await rows(analyticsView(sound) + count)
  })
  return { ledger: await rows(await readSql('ledger')), imbalances: await rows(await readSql('imbalances')), errors }
}
