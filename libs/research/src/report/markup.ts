/* Small pieces of HTML. Text always goes through `escape`. */

export const escape = (text: unknown): string => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

export type Cell =
  string | { readonly text: string; readonly tone?: 'good' | 'bad' | undefined; readonly html?: string }
export type Column = { readonly label: string; readonly right?: boolean }

const cellOf = (cell: Cell, right: boolean | undefined): string => {
  const { text, tone, html } = typeof cell === 'string' ? { text: cell, tone: undefined, html: undefined } : cell
  const names = [right ? 'num' : '', tone ?? ''].filter(Boolean).join(' ')
  return `<td${names ? ` class="${names}"` : ''}>${html ?? escape(text)}</td>`
}

/** A table in a frame that scrolls by itself on a narrow screen. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  label: string,
  kind = '',
): string {
  if (rows.length === 0) return '<p class="note">None.</p>'
  const head = columns.map(
    ({ label: text, right }) => `<th scope="col"${right ? ' class="num"' : ''}>${escape(text)}</th>`,
  )
  const body = rows.map((row) => `<tr>${row.map((cell, i) => cellOf(cell, columns[i]?.right)).join('')}</tr>`)
  return `<div class="scroll ${kind}" tabindex="0" role="region" aria-label="${escape(label)}"><table>
<thead><tr>${head.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`
}

export const section = (id: string, title: string, body: string, note = ''): string =>
  `<section id="${id}"><h2>${escape(title)}</h2>${note ? `<p class="note">${note}</p>` : ''}${body}</section>`

/** A place for a chart that the page's script draws from the data under this name. */
export const chart = (name: string, label: string, kind = ''): string =>
  `<div class="chart ${kind}" data-chart="${escape(name)}" role="img" aria-label="${escape(label)}"></div>`

export const facts = (pairs: readonly (readonly [string, string])[]): string =>
  `<dl class="facts">${pairs.map(([name, value]) => `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`).join('')}</dl>`

export const toneOf = (value: number | null | undefined): 'good' | 'bad' | undefined =>
  value === null || value === undefined || value === 0 ? undefined : value > 0 ? 'good' : 'bad'

/** JSON inside a script element: no text in it can end the element. */
export const embedded = (id: string, value: unknown): string =>
  `<script type="application/json" id="${id}">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`
