import { gatewayUrl, token } from '../lib/home.ts'
import { printJson } from '../lib/print.ts'
import { command } from '../lib/run.ts'

export default command('open', 'An address that signs a browser in (keep it to yourself)', {}, ({ json }) => {
  const url = `${gatewayUrl()}/#token=${token()}`
  if (json) return printJson({ url })
  process.stdout.write(`${url}\n`)
})
