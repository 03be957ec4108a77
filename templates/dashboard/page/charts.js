import { bytes, count, duration, percent, time } from './format.js'
import { element } from './tables.js'

const { uPlot } = globalThis
/** A line: its name, its color in style.css, and what it shows of a slot. */
const line = (name, color, of = (slot) => slot[name]) => ({ name, color, of })
const share = (what) => (slot) => (slot.requests ? (100 * slot[what]) / slot.requests : null)
const errors = line('4xx and 5xx', '--warn', ({ refused, failed }) => refused + failed)
const counts = [line('requests', '--calm'), errors, line('5xx', '--bad', ({ failed }) => failed)]
const rates = [line('4xx', '--warn', share('refused')), line('5xx', '--bad', share('failed'))]

/** Bars are drawn over one another, so the tallest come first. */
const CHARTS = [
  { title: 'Requests', show: count, isBars: true, lines: counts },
  { title: 'Error rate', show: (x) => (x == null ? '–' : percent(x, 100)), lines: rates },
  { title: 'Latency', show: duration, lines: [line('p50', '--p50'), line('p95', '--p95'), line('p99', '--p99')] },
  { title: 'Bandwidth', show: bytes, isBars: true, lines: [line('sent', '--calm')] },
]

let plots = []

/**
 * Draws every chart over the same slots of time, `step` milliseconds each and none missing. A click or Enter picks a
 * slot, dragging zooms, arrow keys move from slot to slot and say its values.
 */
export function drawCharts(place, slots, step, { pick, zoom, say }) {
  for (const plot of plots) plot.destroy()
  const figures = CHARTS.map(({ title }) => {
    const ariaLabel = `${title} over time. Left and right tell the values, Enter shows the requests.`
    return element('figure', { tabIndex: 0, role: 'group', ariaLabel }, element('figcaption', {}, title))
  })
  place.replaceChildren(...figures)
  plots = CHARTS.map(({ show, lines, isBars }, n) => {
    const plot = plotOf(figures[n], slots, step, { show, lines, isBars, zoom })
    const tell = (slot) => `${time(slot.slot)}: ${lines.map(({ name, of }) => `${name} ${show(of(slot))}`).join(', ')}`
    plot.over.onclick = () => plot.cursor.idx != null && pick(slots[plot.cursor.idx])
    figures[n].onkeydown = (event) => {
      const here = plot.cursor.idx ?? slots.length
      const next = here + ({ ArrowLeft: -1, ArrowRight: 1, Enter: 0 }[event.key] ?? NaN)
      if (!slots[next]) return
      event.preventDefault() // else Enter would go on to press the button that the dialog focuses
      if (event.key === 'Enter') return pick(slots[here])
      plot.setCursor({ left: plot.valToPos(plot.data[0][next], 'x'), top: 0 })
      say(tell(slots[next]))
    }
    return plot
  })
}

function plotOf(figure, slots, step, { show, lines, isBars, zoom }) {
  const color = (name) => {
    figure.style.color = `var(${name})`
    return getComputedStyle(figure).color
  }
  const lookOf = { stroke: color('--soft'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false } }
  const axisOf = (size, tell) => ({ ...lookOf, ...size, values: (_, ticks) => ticks.map(tell) })
  const clock = (seconds) => (seconds % 86_400 ? time(seconds * 1e3).slice(11) : time(seconds * 1e3).slice(5, 10))
  const bars = { width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.85, 40] }) }
  const series = lines.map(({ name, ...line }) => {
    const look = isBars ? { ...bars, fill: color(line.color) } : { width: 2 }
    return { label: name, stroke: color(line.color), value: (_, value) => show(value), ...look }
  })
  figure.style.color = ''
  const setSelect = ({ select: { left, width }, posToVal }) => {
    const slotAt = (x) => Math.floor((posToVal(x, 'x') * 1e3) / step) * step
    if (width > 5) zoom(slotAt(left), slotAt(left + width) + step)
  }
  const options = {
    width: figure.clientWidth - 32,
    height: 190,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), 'Etc/UTC'),
    cursor: { sync: { key: 'time' }, drag: { setScale: false } },
    scales: {
      x: { range: () => [slots[0].slot / 1e3, (slots.at(-1).slot + step) / 1e3] },
      y: { range: (_, __, max) => [0, max * 1.05 || 1] },
    },
    axes: [axisOf({ space: 60, size: 30 }, clock), axisOf({ size: 64 }, show)],
    series: [{ label: 'UTC', value: (_, at) => (at == null ? '–' : time(at * 1e3 - step / 2)) }, ...series],
    hooks: { setSelect: [setSelect] },
  }
  const middles = slots.map(({ slot }) => (slot + step / 2) / 1e3)
  return new uPlot(options, [middles, ...lines.map(({ of }) => slots.map((slot) => of(slot) ?? null))], figure)
}
