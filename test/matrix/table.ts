import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type Answers, QUESTIONS } from '../../src/questions.ts'
import { RUNTIMES } from '../../src/runtimes.ts'
import { allCells, nameOf } from '../support/cells.ts'
import { distinctProjects } from '../support/project.ts'
import { type CellResult, RESULTS } from './results.ts'

/**
 * `npm run matrix`: what can be chosen together, and what of it ran where, from what the tests left behind; goes between
 * the marks of the README. `--clear` forgets what older runs saw. A cell that appears in the questions appears here by
 * itself, at first without a result.
 */
const README = new URL('../../README.md', import.meta.url)
const [START, END] = ['<!-- matrix -->', '<!-- end matrix -->']

if (process.argv.includes('--clear')) {
  rmSync(RESULTS, { recursive: true, force: true })
  process.exit()
}
const results = readdirSync(RESULTS).map((file): CellResult => JSON.parse(readFileSync(`${RESULTS}/${file}`, 'utf8')))
const trees = distinctProjects().map(({ name }) => name)
const cells = allCells()

const labelOf = (id: 'runtime' | 'storage', value: string) => {
  const question = QUESTIONS.find((question) => question.id === id)
  const choices = question?.kind === 'choice' ? question.choices : []
  return choices.find((choice) => choice.value === value)?.label ?? value
}

function row(runtime: Answers['runtime'], storage: Answers['storage']): string[] {
  const here = new Map(
    cells.filter((cell) => cell.runtime === runtime && cell.storage === storage).map((cell) => [nameOf(cell), cell]),
  )
  if (here.size === 0) return []
  const resultsOf = (check: CellResult['check']) =>
    results.filter((result) => result.check === check && here.has(result.cell))
  const own = trees.filter((name) => here.has(name))
  const checked = resultsOf('tree').filter(({ cell }) => own.includes(cell))
  const tested = own.length ? `${checked.length} of ${own.length}` : 'the same code as above'
  const ran = resultsOf('rows').map(({ cell, on }) => {
    const { granularity, parquet, format, trigger } = here.get(cell) as Answers
    return `${parquet}, ${format} format, by ${granularity}${trigger === 'queue' ? ', queue' : ''} on ${on}`
  })
  const columns = [
    labelOf('runtime', runtime),
    labelOf('storage', storage),
    here.size,
    tested,
    [...new Set(ran)].join('; ') || '–',
  ]
  return [`| ${columns.join(' | ')} |`]
}

const storages = [...new Set(cells.map(({ storage }) => storage))]
const table = [
  '| runtime | storage | combinations | code that differs: types, lint and its own tests pass | end to end, rows read back exactly |',
  '| --- | --- | --- | --- | --- |',
  ...Object.keys(RUNTIMES).flatMap((runtime) =>
    storages.flatMap((storage) => row(runtime as Answers['runtime'], storage)),
  ),
].join('\n')

const readme = readFileSync(README, 'utf8')
const [before, rest = ''] = readme.split(START)
const after = rest.split(END)[1]
if (after === undefined) throw new Error(`README.md: the marks ${START} and ${END} are gone`)
writeFileSync(README, `${before}${START}\n${table}\n${END}${after}`)
console.log(table)
