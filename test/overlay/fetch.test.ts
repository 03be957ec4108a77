import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fetchOverlay } from '../../src/overlay/fetch.ts'
import { paxRecord, template, tgz } from './tars.ts'

const unreachable = (message: RegExp) =>
  expect.objectContaining({ code: 'TEMPLATE_UNREACHABLE', message: expect.stringMatching(message) })
const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'TEMPLATE_REFUSED', message: expect.stringMatching(message) })
const COMMIT = 'c0ffee'.repeat(7).slice(0, 40)
const temporary = () => readdirSync(tmpdir()).filter((name) => /^(stoma-template-|giget)/.test(name))

let server: Server
let answer: RequestListener
const seen: { method?: string; url?: string; authorization?: string }[] = []
const at = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push({ method: request.method, url: request.url, authorization: request.headers.authorization })
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
const serving =
  (bytes: Uint8Array): RequestListener =>
  (_, response) =>
    response.end(bytes)

describe('a template at an address', () => {
  let left: string[]
  beforeEach(() => {
    left = temporary()
    seen.length = 0
  })

  it('is read with its integrity, and nothing of it is left on the disk', async () => {
    answer = serving(template({ 'src/a.ts': 'a', 'README.md': 'b' }))
    const overlay = await fetchOverlay(at('/x.tar.gz'))
    expect(overlay).toMatchObject({ source: at('/x.tar.gz'), commit: undefined })
    expect(overlay.files.map(({ path }) => path)).toEqual(['README.md', 'src/a.ts'])
    expect(overlay.integrity).toMatch(/^sha256-.{44}$/)
    expect(temporary()).toEqual(left)
  })

  it('has another integrity once it holds something else, and the same for the same files', async () => {
    answer = serving(template({ a: 'a', b: 'b' }))
    const [one, two] = [await fetchOverlay(at('/x.tgz')), await fetchOverlay(at('/y.tgz'))]
    answer = serving(template({ a: 'a', b: 'c' }))
    const three = await fetchOverlay(at('/x.tgz'))
    expect(two.integrity).toBe(one.integrity)
    expect(three.integrity).not.toBe(one.integrity)
    expect(three.files[1]?.text).toBe('c')
  })

  it('is unreachable, not what an earlier run got, when it is gone', async () => {
    answer = serving(template({ a: 'a' }))
    await fetchOverlay(at('/x.tar.gz'))
    answer = (_, response) => response.writeHead(404).end('not here')
    await expect(fetchOverlay(at('/x.tar.gz'))).rejects.toThrow(unreachable(/404/))
    expect(temporary()).toEqual(left)
  })

  it('is unreachable where nobody answers, and where nobody is', async () => {
    answer = () => {}
    await expect(fetchOverlay(at('/x.tar.gz'), 200)).rejects.toThrow(unreachable(/timeout/))
    await expect(fetchOverlay('http://127.0.0.1:1/x.tar.gz')).rejects.toThrow(
      unreachable(/ECONNREFUSED|bad port|fetch failed/),
    )
  })

  it('is unreachable where the download breaks off, and refused where the archive was cut before', async () => {
    const whole = template({ a: 'a'.repeat(5000), b: 'b' })
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': whole.length })
      response.write(whole.subarray(0, whole.length - 20), () => setTimeout(() => response.destroy(), 20))
    }
    await expect(fetchOverlay(at('/x.tar.gz'))).rejects.toThrow(unreachable(/terminated|closed/))
    answer = serving(whole.subarray(0, whole.length - 20))
    await expect(fetchOverlay(at('/x.tar.gz'))).rejects.toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^TEMPLATE_/) }),
    )
  })

  it('stops at the bound, however much comes', async () => {
    answer = (request, response) => {
      if (request.method === 'HEAD') return response.end()
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(1 << 20, 1)));
        response.once('drain', more)
      }
      more()
    }
    await expect(fetchOverlay(at('/x.tar.gz'))).rejects.toThrow(unreachable(/larger than 10 MB/))
  })

  it('is refused whole where one of its files is hostile, and nothing lands anywhere', async () => {
    answer = serving(
      tgz([
        { path: 'top/fine', text: 'x' },
        { path: 'top/../../../escaped', text: 'x' },
      ]),
    )
    await expect(fetchOverlay(at('/x.tar.gz'))).rejects.toThrow(refused(/escaped/))
    expect(temporary()).toEqual(left)
  })

  it('never sees a token, a registry or a cache of ours', async () => {
    answer = serving(template({ a: 'a' }))
    const before = { ...process.env }
    process.env.GIGET_AUTH = 'secret'
    process.env.GIGET_REGISTRY = at('/registry')
    const { fetch } = globalThis
    try {
      await fetchOverlay(at('/x.tar.gz'))
      expect(process.env.GIGET_AUTH).toBe('secret')
    } finally {
      delete process.env.GIGET_AUTH
      delete process.env.GIGET_REGISTRY
    }
    expect(process.env).toEqual(before)
    expect(globalThis.fetch).toBe(fetch)
    expect(new Set(seen.map(({ url }) => url))).toEqual(new Set(['/x.tar.gz']))
    expect(seen.some(({ authorization }) => authorization)).toBe(false)
  })

  it('follows a redirect, but to nowhere that is not encrypted', async () => {
    answer = (request, response) =>
      request.url === '/x.tar.gz'
        ? response.writeHead(302, { location: '/y' }).end()
        : response.end(template({ a: 'a' }))
    expect((await fetchOverlay(at('/x.tar.gz'))).files).toHaveLength(1)
  })
})

describe('a template of a host', () => {
  it('comes from its folder of the archive of its ref, and knows the commit', async () => {
    answer = (request, response) => {
      const known = request.url === '/repos/acme/templates/tarball/v1'
      const archive = tgz([
        { path: 'pax_global_header', type: 'g', text: paxRecord('comment', COMMIT) },
        { path: 'acme-templates-c0ffee/README.md', text: 'of the repository' },
        { path: 'acme-templates-c0ffee/shop/src/a.ts', text: 'a' },
      ])
      if (known) response.end(archive)
      else response.writeHead(404).end()
    }
    process.env.GIGET_GITHUB_URL = at('')
    try {
      const overlay = await fetchOverlay('gh:acme/templates/shop#v1')
      expect(overlay).toMatchObject({ commit: COMMIT, files: [{ path: 'src/a.ts', text: 'a' }] })
      await expect(fetchOverlay('gh:acme/templates/shop#v2')).rejects.toThrow(unreachable(/404/))
    } finally {
      delete process.env.GIGET_GITHUB_URL
    }
  })
})

describe('a template in a git repository', () => {
  let repository: string
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      encoding: 'utf8',
    }).trim()
  const commit = (files: Record<string, string>) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(repository, path)), { recursive: true })
      writeFileSync(join(repository, path), text)
    }
    git('add', '-A')
    git('commit', '-qm', 'change')
    return git('rev-parse', 'HEAD')
  }
  beforeAll(() => {
    repository = mkdtempSync(join(tmpdir(), 'overlay-git-'))
    git('init', '-q', '-b', 'main')
  })
  afterAll(() => rmSync(repository, { recursive: true, force: true }))

  it('comes with the commit that its ref means now', async () => {
    const first = commit({ 'README.md': 'one', 'shop/src/a.ts': 'a' })
    git('tag', '-a', 'v1', '-m', 'annotated')
    expect(await fetchOverlay(`git:${repository}`)).toMatchObject({ commit: first })
    expect(await fetchOverlay(`git:${repository}#v1`)).toMatchObject({ commit: first })
    const second = commit({ 'README.md': 'two' })
    expect(await fetchOverlay(`git:${repository}#main`)).toMatchObject({ commit: second })
    // A moved ref; and the commit, which never moves.
    git('tag', '-f', '-a', 'v1', '-m', 'moved')
    expect(await fetchOverlay(`git:${repository}#v1`)).toMatchObject({ commit: second })
    const { files } = await fetchOverlay(`git:${repository}#${first}:shop`)
    expect(files).toEqual([{ path: 'src/a.ts', text: 'a', mode: '644' }])
  })

  it('is unreachable where the ref or the repository is gone', async () => {
    await expect(fetchOverlay(`git:${repository}#none`)).rejects.toThrow(unreachable(/none/))
    await expect(fetchOverlay(`git:${repository}-gone`)).rejects.toThrow(unreachable(/./))
  })

  it('is refused with a link in it, unless that lies outside of its folder', async () => {
    symlinkSync('/etc/passwd', join(repository, 'link'))
    commit({ 'shop/b.ts': 'b' })
    await expect(fetchOverlay(`git:${repository}`)).rejects.toThrow(refused(/link is a symbolic link/))
    expect((await fetchOverlay(`git:${repository}#main:shop`)).files).toHaveLength(2)
  })
})

describe('a source', () => {
  it.each([
    ['acme/templates', /it begins with gh:/],
    ['npm:templates', /it begins with gh:/],
    ['file:///etc', /it begins with gh:/],
    ['gh:acme', /owner\/repository/],
    ['gh:acme/../x', /owner\/repository/],
    ['gh:acme/templates#--upload-pack=x', /no ref/],
    ['git:../x#-x', /no ref/],
    ['git:ext::sh -c id', /path, ssh or https/],
    ['git:--upload-pack=id', /path, ssh or https/],
    ['https://user:secret@example.com/x.tar.gz', /secret/],
    ['git:https://token@example.com/x.git', /secret/],
    ['https://example.com/x.tar.gz?token=secret', /secret/],
    ['http://example.com/x.tar.gz', /use https/],
    ['https://', /no address/],
  ])('%s is refused before anything is fetched', async (source, why) => {
    await expect(fetchOverlay(source)).rejects.toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(why) }),
    )
  })
})
