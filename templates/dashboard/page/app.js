import { drawCharts } from './charts.js'
import { age, bytes, count, duration, moment, percent, time } from './format.js'
import { getJson, withLake } from './lake.js'
import { dimensionsOf, newestRequest, requestsOf, stepOf, summarize } from './queries.js'
import { button, element, numbers, showTable, texts } from './tables.js'

const HOUR = 3_600_000
const SPANS = { '1h': HOUR, '6h': 6 * HOUR, '24h': 24 * HOUR, '7d': 168 * HOUR, '30d': 720 * HOUR, all: Infinity }
const $ = (id) => document.getElementById(id)
const main = document.querySelector('main')
const say = (text) => $('spoken').replaceChildren(text)

/** What is looked at lives in the address: it can be sent to a colleague, and Back goes back. Null clears a parameter. */
function go(changes) {
  const next = new URLSearchParams(location.search)
  for (const [name, value] of Object.entries(changes)) value === null ? next.delete(name) : next.set(name, value)
  history.pushState(null, '', `?${next}`)
  look()
}
const input = (ms) => time(ms).replace(' ', 'T')
const zoom = (from, to) => go({ from: input(from), to: input(to), last: null })

/** The span, step and filters that the address asks for; everything begins at `oldest`. */
function selectionOf(oldest) {
  const { last = '24h', from, to, by = 'route', ...filters } = Object.fromEntries(new URLSearchParams(location.search))
  const given = { from: Date.parse(`${from}Z`), to: Date.parse(`${to}Z`) }
  const now = Math.ceil(Date.now() / 60_000) * 60_000
  const isCustom = given.from < given.to
  const span = isCustom ? given : { from: Math.max(now - (SPANS[last] ?? SPANS['24h']), oldest), to: now }
  const step = stepOf(span)
  return { from: Math.floor(span.from / step) * step, to: span.to, step, by, filters, last: isCustom ? '' : last }
}

let looks = 0
let redraw = () => {}

/** Reads what the address asks for and shows it; a look that is not done gives way to a later one. */
async function look() {
  const mine = ++looks
  main.ariaBusy = 'true'
  const problem = await withLake(selectionOf(0), async (ask, lake) => {
    if (mine !== looks) return ''
    const selection = selectionOf(lake.oldest)
    showControls(selection)
    const summary = await summarize(ask, selection, selection.by, selection.step)
    const newest = lake.newest && (await newestRequest(ask, lake.newest))
    const freshness = newest === null ? 'No request yet' : `Newest request ${age(Date.now() - newest)} ago`
    $('freshness').textContent = `${freshness} · looked at ${time(Date.now())}`
    main.hidden = !summary.all?.requests
    $('nothing').hidden = !main.hidden
    main.hidden ? showEmptiness(selection, newest) : showSummary(selection, summary)
    showDimensions(await dimensionsOf(ask, selection, lake.columns), selection.by)
    showRejected(await getJson(`api/rejected?since=${selection.from}`))
    return lake.broken.map(({ where, message }) => `Could not read ${where}: ${message}`).join('\n')
  }).catch((error) => {
    main.hidden = true // numbers of another look would be taken for those asked for
    return error.message
  })
  if (mine !== looks) return
  $('problem').textContent = problem
  main.ariaBusy = 'false'
}

function showControls({ from, to, last, filters: { route = '', status = '', ...others } }) {
  const inputs = $('filters').elements
  for (const [name, value] of Object.entries({ last, from: input(from), to: input(to), route, status }))
    inputs[name].value = value
  $('filters').className = last === '' ? 'is-custom' : ''
  const chip = ([name, value]) => button(`${titleOf(name)}: ${shown(name, value)} ✕`, () => go({ [name]: null }))
  $('chips').replaceChildren(...Object.entries(others).map(chip))
}

const titleOf = (dimension) => dimension.replace(/^label\.|Name$/g, '')
/** A label's value is JSON: a text has quotes around it. */
const shown = (by, value) => (!value ? '(none)' : by.startsWith('label.') ? String(JSON.parse(value)) : value)

function showEmptiness({ from, to }, newest) {
  const day = button('Show the newest day', () => zoom(newest - 24 * HOUR, newest + 60_000))
  const found = newest === null ? [] : [day, ` Nothing like this from ${time(from)} to ${time(to)}.`]
  $('nothing').replaceChildren(
    ...found,
    newest === null ? 'The lake is empty: make some requests, then let ingest run.' : '',
  )
}

const requests = numbers('Requests', (row) => count(row.requests))
const failed = numbers('Failed', (row) => count(row.failed))
const failedShare = numbers('5xx', (row) => percent(row.failed, row.requests))
const refusedShare = numbers('4xx', (row) => percent(row.refused, row.requests))
const [p50, p95, p99] = ['p50', 'p95', 'p99'].map((name) => numbers(name, (row) => duration(row[name])))
const all = [requests, refusedShare, failedShare, p50, p95, p99, numbers('Sent', ({ sent }) => bytes(sent))]

function showSummary({ from, to, step, by, filters }, summary) {
  const tile = (name, value) => element('div', {}, element('dt', {}, name), element('dd', {}, value))
  $('overview').replaceChildren(...all.map(({ name, cell }) => tile(name, cell(summary.all))))

  const found = new Map(summary.slots.map((row) => [row.slot, row]))
  const times = Array.from({ length: Math.ceil((to - from) / step) }, (_, n) => from + n * step)
  const slots = times.map((slot) => found.get(slot) ?? { slot, requests: 0, refused: 0, failed: 0, sent: 0 })
  const pick = ({ slot }) => {
    const part = { from: Math.max(slot, from), to: Math.min(slot + step, to), filters }
    showRequests(`Requests from ${time(part.from)} to ${time(part.to)}`, part)
  }
  redraw = () => drawCharts($('charts'), slots, step, { pick, zoom, say })
  redraw()
  const begin = texts('From', (slot) => button(time(slot.slot), () => pick(slot)))
  showTable($('timeline'), 'Over time', [begin, ...all], slots, slots.length)

  const { routes } = summary
  $('routes').replaceChildren(...routes.map(({ item }) => element('option', {}, item)))
  /** A button that shows the requests behind a row: those of this selection with a filter more. */
  const behind = (text, title, more, order) =>
    button(text, () => showRequests(title, { from, to, filters: { ...filters, ...more } }, order), title)
  const failures = texts('Route', ({ item }) =>
    behind(item, `Failed requests of ${item}`, { route: item, status: filters.status ?? '5xx' }),
  )
  const failing = routes.filter((row) => row.failed > 0).sort((a, b) => b.failed - a.failed)
  showTable($('failing'), 'Most failing routes', [failures, failed, failedShare, requests], failing, 8)
  const longest = texts('Route', ({ item }) => behind(item, `Slowest requests of ${item}`, { route: item }, 'slowest'))
  const slowest = routes.toSorted((a, b) => b.p95 - a.p95)
  showTable($('slowest'), 'Slowest routes', [longest, p95, p99, requests], slowest, 8)

  const only = ({ item }) => button(shown(by, item), () => go({ [by]: item ?? '' }), `Only ${shown(by, item)}`)
  const show = ({ item }) => behind('requests', `Requests of ${shown(by, item)}`, { [by]: item ?? '' })
  showTable($('items'), `By ${titleOf(by)}`, [texts(titleOf(by), only), ...all, numbers('', show)], summary.items)
}

function showDimensions(dimensions, by) {
  const option = (value) => element('option', { value, selected: value === by }, titleOf(value))
  $('by').replaceChildren(...[...new Set([...dimensions, by])].map(option))
}

function showRejected({ reasons, example }) {
  const list = Object.entries(reasons).map(([reason, lines]) => `${count(lines)} × ${reason}`)
  const details = `${list.join(', ')}; for example from ${example}. They lie in _state/rejected.`
  $('rejected').textContent = `Lines rejected by ingests since then: ${list.length ? details : 'none.'}`
}

/** Single requests in a dialog, with what finds them in the request log. */
async function showRequests(title, selection, order = 'newest') {
  $('requests-title').textContent = title
  $('order').value = order
  $('order').onchange = () => showRequests(title, selection, $('order').value)
  $('requests-rows').replaceChildren('Reading …')
  if (!$('requests').open) $('requests').showModal()
  const copy = (trace) => () => navigator.clipboard.writeText(trace).then(() => say('Copied.'))
  const columns = [
    texts('Time', ({ at }) => moment(at)),
    texts('Route', ({ route }) => route),
    numbers('Status', ({ status }) => `${status}`),
    numbers('Took', ({ took }) => duration(took)),
    numbers('Sent', ({ sent }) => bytes(sent)),
    texts('Trace', ({ trace }) => (trace ? button(trace, copy(trace), `Copy ${trace}`) : '–')),
  ]
  await withLake(selection, async (ask) => {
    const rows = await requestsOf(ask, selection, order)
    showTable($('requests-rows'), title, columns, rows, rows.length)
  }).catch((error) => $('requests-rows').replaceChildren(error.message))
}

$('filters').onsubmit = (event) => {
  event.preventDefault()
  look()
}
$('filters').onchange = ({ target: { name, value, form } }) => {
  const { from, to } = selectionOf(Date.now() - SPANS['30d'])
  if (name === 'last' && value === '') zoom(from, to)
  else if (name === 'last') go({ last: value, from: null, to: null })
  else if (name === 'from' || name === 'to') go({ from: form.elements.from.value, to: form.elements.to.value })
  else go({ [name]: value || null })
}
$('by').onchange = () => go({ by: $('by').value })
$('clear').onclick = () => go(Object.fromEntries(Object.keys(selectionOf(0).filters).map((name) => [name, null])))
window.onpopstate = look
window.onresize = () => redraw()
matchMedia('(prefers-color-scheme: dark)').onchange = () => redraw()
look()
