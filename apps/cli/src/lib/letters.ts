import type { Bus, Letter } from '@contrail/runtime'
import { connection } from './home.ts'

/** The bus of the operator of this home. */
export async function withBus<T>(use: (bus: Bus) => Promise<T>): Promise<T> {
  const { connectNats } = await import('@contrail/runtime')
  const bus = await connectNats({ url: connection('operatorNatsUrl'), name: 'cli' })
  try {
    return await use(bus)
  } finally {
    await bus.close()
  }
}

export async function letters(): Promise<Letter[]> {
  const { lettersOf } = await import('@contrail/runtime')
  return await withBus(lettersOf)
}
