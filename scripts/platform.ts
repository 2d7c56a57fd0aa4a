import { parseArgs } from 'node:util'
import { killChildren } from './services/child.ts'
import { BootFault } from './services/faults.ts'
import { contrailHome, stopOnSignal, wipe } from './services/index.ts'
import { deployDemo } from './platform/demo.ts'
import { startPlatform } from './platform/start.ts'

export const PORT_DEFAULT = 7400
const PORT_MAX = 65_535

/** `npm start [-- --fresh --port N --no-demo]`: everything up, a URL, then until Ctrl-C. */
export async function runPlatform(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      fresh: { type: 'boolean', default: false },
      port: { type: 'string' },
      demo: { type: 'boolean', default: true },
    },
    allowNegative: true,
  })
  const beganMs = performance.now()
  const say = (line: string) =>
    console.log(`${((performance.now() - beganMs) / 1000).toFixed(1).padStart(6)} s  ${line}`)
  const home = contrailHome()
  if (values.fresh) {
    await wipe(home)
    say('beginning anew: the data of earlier runs is removed')
  }
  const starting = startPlatform({ home, ...portOf(values.port), say })
  let code = 0
  let isStopping = false
  stopOnSignal({
    kill: killChildren,
    stop: async () => {
      isStopping = true
      console.log('\nstopping; all data is kept')
      // A start that is interrupted fails, and has then stopped what it had started.
      const platform = await starting.catch(() => undefined)
      await platform?.stop()
      return code
    },
  })
  /** What fails because it is being stopped is no fault, and whoever stops ends the process. */
  const orStopped = (error: unknown): undefined => {
    if (!isStopping) throw error
  }
  const platform = await starting.catch(orStopped)
  if (!platform || isStopping) return
  void platform.died?.then((sentence) => {
    say(`${sentence}; stopping. Start again with npm start, look with npx contrail logs`)
    code = 1
    process.kill(process.pid, 'SIGTERM')
  })
  const strategies = values.demo ? await deployDemo(platform).catch(orStopped) : []
  if (!strategies || isStopping) return
  if (strategies.length > 0) say(`strategies: ${strategies.join(', ')}`)
  say('ready')
  if (platform.firstToken) {
    console.log(`\n  Open     ${platform.url}/#token=${platform.firstToken}`)
    console.log('  This address signs you in and is shown once. Later: npx contrail open\n')
  } else {
    console.log(`\n  Open     ${platform.url}`)
    console.log('  To sign in a browser: npx contrail open\n')
  }
  console.log('  Ctrl-C stops everything and keeps all data.\n')
}

function portOf(given: string | undefined): { port: number; portByHand: boolean } {
  if (given === undefined) return { port: PORT_DEFAULT, portByHand: false }
  const port = Number(given)
  if (!/^\d{1,5}$/.test(given) || port > PORT_MAX)
    throw new BootFault('bad_option', `--port ${given} is no port`, `give a number up to ${PORT_MAX}; 0 = any`)
  return { port, portByHand: true }
}
