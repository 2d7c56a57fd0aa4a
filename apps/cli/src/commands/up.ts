import { spawn } from 'node:child_process'
import path from 'node:path'
import { root } from '../lib/home.ts'
import { command } from '../lib/run.ts'

export default command(
  'up',
  'Start the platform here and run it until Ctrl-C (as npm start)',
  {
    fresh: { type: 'boolean', description: 'Remove the data of earlier runs first' },
    port: { type: 'string', description: 'Of the page and the API' },
    demo: { type: 'boolean', description: 'Deploy the demo strategies (--no-demo: do not)', default: true },
  },
  async ({ fresh, port, demo }) => {
    const args = [...(fresh ? ['--fresh'] : []), ...(port ? ['--port', port] : []), ...(demo ? [] : ['--no-demo'])]
    const child = spawn(process.execPath, [path.join(root, 'scripts/boot.mjs'), 'start', ...args], { stdio: 'inherit' })
    process.on('SIGINT', () => undefined) // the child has it too and stops in order
    process.on('SIGTERM', () => child.kill('SIGTERM'))
    process.exitCode = await new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? 1)))
  },
)
