const few = (x) => (x < 9.95 && x % 1 ? x.toFixed(1) : Math.round(x).toLocaleString('en'))

/** Makes a function that shows a number in the largest unit that fits; an en dash where there is none. */
const inUnits = (units) => (x) => {
  if (x == null) return '–'
  const [unit, size] = Object.entries(units).findLast(([, size]) => x >= size) ?? Object.entries(units)[0]
  return `${few(x / size)} ${unit}`
}
export const duration = inUnits({ ms: 1, s: 1e3, min: 6e4 })
export const bytes = inUnits({ B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 })
export const age = inUnits({ s: 1e3, min: 6e4, h: 3.6e6, d: 8.64e7 })
export const count = (x) => (x == null ? '–' : x.toLocaleString('en'))

const share = (x) => (x === 0 ? '0 %' : x < 0.0005 ? '<0.1 %' : `${few(100 * x)} %`)
export const percent = (part, whole) => (whole ? share(part / whole) : '–')

/** Milliseconds since the epoch as UTC, to the minute. */
export const time = (ms) => moment(ms).slice(0, 16)
export const moment = (ms) => new Date(ms).toISOString().replace('T', ' ').slice(0, -1)
