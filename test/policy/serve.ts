import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Hono } from 'hono'

function requestOf(incoming: IncomingMessage): Request {
  const headers = Object.entries(incoming.headers).map(([key, value]) => [key, String(value)] as [string, string])
  return new Request(`http://${incoming.headers.host}${incoming.url}`, { method: incoming.method, headers })
}

/** The app on a real port, with nothing between it and `node:http` that could be clever about bodies. */
export async function serve(app: Hono): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer(async (incoming, outgoing) => {
    try {
      const response = await app.fetch(requestOf(incoming))
      outgoing.writeHead(response.status, Object.fromEntries(response.headers))
      if (response.body && incoming.method !== 'HEAD') {
        await pipeline(Readable.fromWeb(response.body as never), outgoing).catch(() => {}) // the client went away
      } else outgoing.end()
    } catch (error) {
      outgoing.writeHead(500).end(`server: ${error}`)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What comes over the wire for one request: every byte, but for the Date header's value. */
export function wire(port: number, method: string, path: string, headers = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`${method} ${path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n${headers}\r\n`),
    )
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () =>
      resolve(
        Buffer.concat(chunks)
          .toString('latin1')
          .replace(/Date: .*/, 'Date: x'),
      ),
    )
  })
}

export async function eventually(check: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5000
  while (!check()) {
    if (Date.now() > deadline) throw new Error(`waited 5 s for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
