/** One question to a Node process through its inspector. What it answers must be JSON. */
export async function askInspector(url: string, commands: readonly { method: string; params?: object }[]) {
  const socket = new WebSocket(url)
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener('error', () => reject(new Error(`no inspector at ${url}`)), { once: true })
  })
  const answers: unknown[] = []
  for (const [index, command] of commands.entries()) {
    const answer = new Promise<unknown>((resolve, reject) => {
      socket.addEventListener('message', ({ data }) => {
        const said = JSON.parse(String(data)) as { id?: number; result?: unknown; error?: { message: string } }
        if (said.id !== index) return
        if (said.error) reject(new Error(said.error.message))
        else resolve(said.result)
      })
    })
    socket.send(JSON.stringify({ id: index, ...command }))
    answers.push(await answer)
  }
  socket.close()
  return answers
}

export type MemoryUse = { readonly rss: number; readonly heapUsed: number; readonly external: number }

/** Bytes after two full collections. */
export async function memoryAfterGc(url: string): Promise<MemoryUse> {
  const answers = await askInspector(url, [
    { method: 'HeapProfiler.collectGarbage' },
    { method: 'HeapProfiler.collectGarbage' },
    {
      method: 'Runtime.evaluate',
      params: { expression: 'JSON.stringify(process.memoryUsage())', returnByValue: true },
    },
  ])
  const { result } = answers[2] as { result: { value: string } }
  return JSON.parse(result.value) as MemoryUse
}
