import { refuse } from '@contrail/contracts'
import type { Letter } from '@contrail/runtime'
import { letters, withBus } from '../lib/letters.ts'
import { clockOf, printJson, printTable } from '../lib/print.ts'
import { command } from '../lib/run.ts'

export default command(
  'letters',
  'Dead letters: messages that a service gave up, with the cause; put one back, or lay it aside',
  {
    redrive: { type: 'string', description: 'Number of the letter to put back, once its cause is mended' },
    aside: {
      type: 'string',
      description: 'Number of the letter that needs nothing any more: it is kept and no longer counted',
    },
    reason: { type: 'string', description: 'Why it is laid aside' },
  },
  async ({ redrive, aside, reason, json }) => {
    if (redrive !== undefined) return await putBack(numberOf('--redrive', redrive), json === true)
    if (aside !== undefined) return await layAside(numberOf('--aside', aside), reason, json === true)
    const items = await letters()
    if (json) return printJson({ items })
    printTable(
      items.map((one) => ({
        letter: one.letter,
        time: clockOf(one.atUs),
        subject: one.subject,
        sequence: one.sequence,
        'given up by': one.consumer,
        now: nowOf(one),
        cause: one.cause,
      })),
      'no dead letters',
    )
  },
)

function nowOf({ putBack, laidAside }: Letter): string {
  const aside = laidAside && `laid aside by ${laidAside.by}: ${laidAside.reason}`
  return [putBack && 'put back', aside].filter(Boolean).join(', ') || 'waits'
}

function numberOf(flag: string, text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw refuse('usage', flag, text, 'give a number that contrail letters lists')
}

async function putBack(number: number, json: boolean): Promise<void> {
  const { redrive } = await import('@contrail/runtime')
  const letter = await withBus((bus) => redrive(bus, number))
  if (json) return printJson({ ...letter, letter: number, putBack: true })
  process.stdout.write(`${letter.subject} ${letter.sequence} goes back to ${letter.consumer}\n`)
}

async function layAside(number: number, reason: string | undefined, json: boolean): Promise<void> {
  if (reason === undefined) throw refuse('usage', '--reason', 'nothing', 'say why it needs nothing: --reason "..."')
  const runtime = await import('@contrail/runtime')
  const said = { by: 'admin', reason, atUs: runtime.systemClock.nowUs() }
  const laidAside = await withBus((bus) => runtime.layAside(bus, number, said))
  if (json) return printJson(laidAside)
  process.stdout.write(`letter ${number} is laid aside: kept, and no longer counted\n`)
}
