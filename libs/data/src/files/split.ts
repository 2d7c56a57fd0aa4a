/** The character between cells. A comma may be one of decimals where there is a semicolon. */
export const separatorOf = (text: string): string => [';', '\t', ',', '|'].find((each) => text.includes(each)) ?? ','

export const splitRow = (text: string, separator: string): string[] =>
  text.includes('"') ? splitQuoted(text, separator) : text.split(separator)

function splitQuoted(text: string, separator: string): string[] {
  const cells: string[] = []
  let cell = ''
  let quoted = false
  for (const character of text) {
    if (character === '"') quoted = !quoted
    else if (character === separator && !quoted) {
      cells.push(cell)
      cell = ''
    } else cell += character
  }
  return [...cells, cell]
}
