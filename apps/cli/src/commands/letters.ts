import { refuse } from '@contrail/contracts'
import { lettersOf, withBus } from '../lib/letters.ts'
import { clockOf, printJson, printTable } from '../lib/print.ts'
import { command } from '../lib/run.ts'

export default command(
  'letters',
  'Dead letters: messages that a service gave up, with the cause; --redrive N puts one back, once its cause is mended',
  { redrive: { type: 'string', description: 'Number of the letter to put back' } },
  async ({ redrive, json }) => {
    if (redrive !== undefined) return await putBack(redrive, json === true)
    const items = await withBus(lettersOf)
    if (json) return printJson({ items })
    printTable(
      items.map((one) => ({
        letter: one.letter,
        time: clockOf(one.atUs),
        subject: one.subject,
        sequence: one.sequence,
        'given up by': one.consumer,
        'put back': one.putBack ? 'yes' : '',
        cause: one.cause,
      })),
      'no dead letters',
    )
  },
)

async function putBack(number: string, json: boolean): Promise<void> {
  if (!/^[1-9]\d{0,14}$/.test(number))
    throw refuse('usage', '--redrive', number, 'give a number that contrail letters lists')
  const { redrive } = await import('@contrail/runtime')
  const letter = await withBus((bus) => redrive(bus, Number(number)))
  if (json) return printJson({ ...letter, letter: Number(number), putBack: true })
  process.stdout.write(`${letter.subject} ${letter.sequence} goes back to ${letter.consumer}\n`)
}
