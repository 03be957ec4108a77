export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties)
  made.append(...children)
  return made
}

export const button = (text, onclick, label = text) =>
  element('button', { type: 'button', onclick, ariaLabel: label, title: label }, text)

/** A column of numbers, which stand to the right, or of text. Text gets in as text, so nothing in it is taken for HTML. */
export const numbers = (name, cell) => ({ name, cell, className: '' })
export const texts = (name, cell) => ({ name, cell, className: 'text' })

export function showTable(place, ariaLabel, columns, rows, limit = 50) {
  const line = (tag, of) => columns.map(({ className, ...column }) => element(tag, { className }, of(column)))
  const head = element('tr', {}, ...line('th', ({ name }) => name))
  const lines = rows.slice(0, limit).map((row) => element('tr', {}, ...line('td', ({ cell }) => cell(row))))
  const table = element('table', { ariaLabel }, element('thead', {}, head), element('tbody', {}, ...lines))
  const more = rows.length > limit ? `… and ${rows.length - limit} more` : ''
  place.replaceChildren(rows.length ? table : 'None.', more)
}
