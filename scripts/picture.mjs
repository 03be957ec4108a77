/**
 * `node scripts/picture.mjs`: runs the demo, draws what its report printed as docs/report.svg, and takes pictures of its
 * dashboard (docs/dashboard.png, docs/dashboard-dark.png), so they never lie. Needs Chromium (CHROMIUM, else Debian's).
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = fileURLToPath(new URL('..', import.meta.url))
const { stdout, status } = spawnSync(process.execPath, ['scripts/demo.mjs'], { cwd: root, encoding: 'utf8' })
if (status !== 0) throw new Error('the demo failed; there is nothing to draw')

const lines = stdout.split('\n')
const from = lines.indexOf('Overview')
const to = lines.findIndex((line, n) => n > from && line.startsWith('── '))
if (from < 0 || to < 0) throw new Error('no report in what the demo printed')
const report = lines.slice(from, to).join('\n').trimEnd().split('\n')

const [charWidth, lineHeight, margin] = [8.43, 19, 20]
const width = Math.ceil(Math.max(...report.map((line) => [...line].length)) * charWidth) + 2 * margin
const height = (report.length + 2) * lineHeight + 2 * margin
// No-break spaces, because not every renderer of SVG keeps runs of ordinary ones.
const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(' ', '\u00a0')

/** Headings stand alone after a blank line, the head of a table follows one. */
const classOf = (n) => (n === 0 || report[n - 1] === '' ? 'title' : n === 1 || report[n - 2] === '' ? 'head' : '')
const rows = ['$ npm run report', '', ...report].map((line, n) => {
  const name = n < 2 ? 'head' : classOf(n - 2)
  const text = escapeXml(line).replace(/[█-▏]+/, (bar) => `<tspan class="bar">${bar}</tspan>`)
  return `<text x="${margin}" y="${margin + (n + 0.75) * lineHeight}" class="${name}">${text}</text>`
})
const style =
  'text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d6deeb;white-space:pre}' +
  '.title{font-weight:bold;fill:#fff}.head{fill:#7f93a8}.bar{fill:#4fc1c8}'
writeFileSync(
  new URL('../docs/report.svg', import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">` +
    `<title>The report of the demo in a terminal</title><style>${style}</style>` +
    `<rect width="100%" height="100%" rx="8" fill="#11161d"/>${rows.join('')}</svg>\n`,
)

const project = fileURLToPath(new URL('../.demo/my-analytics', import.meta.url))
const command = ['--import', 'tsx', 'dashboard/serve.ts', 'dashboard', '--lake', '.demo/lake']
const server = spawn(process.execPath, command, {
  cwd: project,
  env: { ...process.env, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const [said] = await once(server.stdout, 'data')
const url = /http:\S+/.exec(String(said))?.[0]
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
})
for (const [colorScheme, file] of [
  ['light', 'dashboard.png'],
  ['dark', 'dashboard-dark.png'],
]) {
  const page = await browser.newPage({ colorScheme, viewport: { width: 1100, height: 800 } })
  await page.goto(`${url}?last=all`)
  await page.locator('main[aria-busy=false]').waitFor()
  await page.screenshot({ path: fileURLToPath(new URL(`../docs/${file}`, import.meta.url)), fullPage: true })
}
await browser.close()
server.kill()
