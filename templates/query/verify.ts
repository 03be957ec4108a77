import { type ReaderOptions, scan } from '../src/lake/reader.ts'
import { analyticsView, type Lake, listMarks, loadMarks, readSql, withLake } from './duckdb.ts'
import { bold, print, renderErrors, renderTable } from './table.ts'

/** Balances the books: what the marks say was read and stored, against each other and against the rows in the lake. */
export async function runVerify(options: ReaderOptions, { json }: { json?: boolean }, write = print): Promise<number> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const marks = await listMarks(options)
    const books = await withLake(options, async (lake) =>
      // A source marked while the snapshot was taken may be in it or not: only between two equal lists all are.
      (await listMarks(options)).length === marks.length ? readBooks(options, lake, marks) : null,
    )
    if (!books) continue
    const { ledger, imbalances, errors } = books
    const isBalanced = imbalances.length + errors.length === 0
    const sound = marks.length > 0 ? 'Balanced: nothing lost, nothing twice.' : 'Nothing has been ingested here yet.'
    const verdict = isBalanced ? sound : 'These do not balance:'
    const totals = Object.entries(ledger[0] ?? {}).map(([ledger, total]) => ({ ledger, total }))
    const text = `${renderTable(totals, { report: true })}\n${bold(verdict)}\n${imbalances.length ? renderTable(imbalances) : ''}`
    write(
      json ? `${JSON.stringify({ isBalanced, ledger: ledger[0], imbalances, errors })}\n` : text + renderErrors(errors),
    )
    return isBalanced ? 0 : 1
  }
  throw new Error('sources were ingested during each of five looks at the lake: run verify again when it rests')
}

async function readBooks(options: ReaderOptions, lake: Lake, marks: string[]) {
  const { rows, files, broken, adjusted } = lake
  const count = await readSql('verify/counted.sql')
  const errors = [...broken]
  await loadMarks(options, lake, marks)
  await rows(`SET VARIABLE adjusted = '${JSON.stringify(adjusted)}'`)
  await rows(count).catch(async () => {
    const sound: string[] = []
    for (const { key, path } of files)
      await rows(`SELECT bit_xor(hash(file)) FROM ${scan([path])} AS file`).then(
        () => sound.push(path),
        ({ message }: Error) => errors.push({ where: key, message: message.replaceAll(path, key) }),
      )
    await rows(analyticsView(sound) + count)
  })
  const [ledger, imbalances] = [await readSql('verify/ledger.sql'), await readSql('verify/imbalances.sql')]
  return { ledger: await rows(ledger), imbalances: await rows(imbalances), errors }
}
