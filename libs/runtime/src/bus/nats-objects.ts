import { refuse } from '@contrail/contracts'
import { Objm } from '@nats-io/obj'
import type { ObjectStore } from './bus.ts'
import type { Link } from './nats-link.ts'
import { streamState } from './nats-stream.ts'

export async function openObjects(link: Link, name: string): Promise<ObjectStore> {
  if (!(await streamState(link, `OBJ_${name}`)))
    throw refuse('not_found', 'object store', name, 'make the stores: node nats/src/main.ts')
  const store = await new Objm(link.nc).open(name)
  return {
    async get(key) {
      return (await store.getBlob(key)) ?? undefined
    },
    async put(key, data) {
      await store.putBlob({ name: key }, data)
    },
  }
}
