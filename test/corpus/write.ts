import { readFileSync, writeFileSync } from 'node:fs'
import { allPairs, type Kind, type Outcome, releases, runPairs, users } from './pairs.ts'

// npm run corpus: every pair, upgraded and merged by git; the tables go to docs/corpus.md, their sum into the README.
const outcomes = await runPairs(allPairs, { withGit: true })
const DOCS = new URL('../../docs/corpus.md', import.meta.url)
const README = new URL('../../README.md', import.meta.url)

const percent = (count: number) => `${((100 * count) / outcomes.length).toFixed(1)} %`
const count = (kind: Kind) => outcomes.filter((outcome) => outcome.kind === kind).length
const countGit = (kind: Kind) => outcomes.filter(({ git }) => git?.kind === kind).length
const row = (...cells: (string | number)[]) => `| ${cells.join(' | ')} |`

const lostBy = (of: (outcome: Outcome) => readonly string[] | undefined) =>
  outcomes.filter((outcome) => of(outcome)?.length).length

const sums = [
  row('', '`upgrade`', '`git merge`'),
  row('---', '---', '---'),
  row('merged clean, tests and types pass', percent(count('clean')), percent(countGit('clean'))),
  row('conflict reported, your file untouched', percent(count('conflict')), percent(countGit('conflict'))),
  row('merged, and told which imports no longer fit', percent(count('dangling')), '–'),
  row('merged, and only the compiler tells (`upgrade --test`)', percent(count('types')), '–'),
  row('merged, broken, nothing said', count('broken'), countGit('broken')),
  row(
    'edits lost',
    lostBy(({ lost }) => lost),
    lostBy(({ git }) => git?.lost),
  ),
].join('\n')

const MARKS: Record<Kind, string> = { clean: '·', conflict: 'C', dangling: 'i', types: 't', broken: '**B**' }
const letters = releases.map((_, index) => String.fromCharCode(65 + index))
const grid = users.map(({ title }) => {
  const cells = releases.map((release) => {
    const { kind, git } = outcomes.find((one) => one.customization === title && one.change === release.title) as Outcome
    return kind === 'clean' && git?.kind !== 'clean' ? '+' : MARKS[kind]
  })
  return row(title, ...cells)
})
const details = outcomes
  .filter(({ kind }) => kind !== 'clean')
  .map(({ customization, change, why }) => `- ${customization} × ${change}: ${why.slice(0, 3).join('; ')}`)

writeFileSync(
  DOCS,
  `# The corpus

${users.length} things that people do to a project they own, each upgraded to ${releases.length} later releases: ${outcomes.length} upgrades of what
0.1.0 emitted, each compared with \`git merge\` of the same three trees. \`npm run corpus\` makes this file; the edits are in
\`test/corpus/\`, a few lines each. A pair is clean when nothing is left to do and the project's own tests and its compiler
pass.

${sums}

## Pair by pair

\`·\` clean, \`+\` clean where \`git merge\` is not, \`C\` conflict reported, \`i\` merged and told which import no longer fits, \`t\`
merged and told by the compiler, \`B\` anything else.

${releases.map(({ title }, index) => `- ${letters[index]}: ${title}`).join('\n')}

${row('', ...letters)}
${row('---', ...letters.map(() => '---'))}
${grid.join('\n')}

## What was not clean, and what was said

${details.join('\n')}
`,
)

const readme = readFileSync(README, 'utf8')
const [start, end] = ['<!-- corpus -->\n\n', '\n\n<!-- end corpus -->']
const [head, rest] = readme.split(start)
if (rest === undefined || !rest.includes(end))
  throw new Error(`README.md: ${start.trim()} … ${end.trim()} is not there`)
writeFileSync(README, `${head}${start}${sums}${rest.slice(rest.indexOf(end))}`)
process.stdout.write(`${outcomes.length} pairs\n${sums}\n`)
if (count('broken') > 0) process.exitCode = 1
