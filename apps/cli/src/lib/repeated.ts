/** Values of an option that may be given several times: `--set a=1 --set b=2`. The parser keeps only the last. */
export function repeated(name: string, argv: readonly string[] = process.argv): string[] {
  const values: string[] = []
  argv.forEach((word, i) => {
    if (word === `--${name}` && argv[i + 1] !== undefined) values.push(argv[i + 1] as string)
    else if (word.startsWith(`--${name}=`)) values.push(word.slice(name.length + 3))
  })
  return values
}
