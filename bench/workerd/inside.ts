import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Miniflare } from 'miniflare'
// Comes with miniflare; Node 20 has a WebSocket of its own only by a flag.
import { WebSocket } from 'undici'

/** The runtime that this process has started. */
export function workerdPid(): number {
  const children = execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(process.pid)], { encoding: 'utf8' })
  return Number(/(\d+) workerd/.exec(children)?.[1])
}

export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

/** In steps of 10 ms, as the kernel counts it for others. */
export function cpuMilliseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) * 10
}

/** Asks the isolate of the Worker over the inspector's protocol. */
export async function openInspector(miniflare: Miniflare) {
  const { host } = await miniflare.getInspectorURL()
  const targets = (await (await fetch(`http://${host}/json`)).json()) as { id: string; webSocketDebuggerUrl: string }[]
  const target = targets.find(({ id }) => id.includes('main'))
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '')
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }))
  let asked = 0
  const ask = (method: string) =>
    new Promise<Record<string, number>>((resolve) => {
      const id = ++asked
      socket.addEventListener('message', function listen({ data }) {
        const answer = JSON.parse(String(data))
        if (answer.id !== id) return
        socket.removeEventListener('message', listen)
        resolve(answer.result ?? {})
      })
      socket.send(JSON.stringify({ id, method }))
    })
  return {
    /** Bytes that the isolate holds, garbage included: heap and buffers. */
    async held(): Promise<number> {
      const { usedSize = 0, backingStorageSize = 0 } = await ask('Runtime.getHeapUsage')
      return usedSize + backingStorageSize
    },
    close: () => socket.close(),
  }
}
