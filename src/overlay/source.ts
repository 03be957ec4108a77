import { usageError } from '../errors.ts'

const HOSTS = ['gh', 'github', 'gitlab', 'bitbucket', 'sourcehut']

export type Source =
  | { kind: 'host'; text: string; name: string; ref: string | undefined }
  | { kind: 'git'; text: string; uri: string; ref: string | undefined; folder: string }
  | { kind: 'url'; text: string }

/**
 * A source as it is typed: `gh:owner/repository/folder#ref` (gitlab:, bitbucket:, sourcehut: alike),
 * `git:<anything git clones>#ref:folder`, or the address of a tarball. Throws a usage error for anything else, and for what
 * could carry a secret: a source is written into the project.
 */
export function parseSource(text: string): Source {
  const [, kind = '', rest = ''] = /^([a-z]+):([\s\S]+)$/.exec(text) ?? []
  if (kind === 'https' || kind === 'http') return parseUrl(text)
  const [place = '', after, ...more] = rest.split('#')
  const [ref, folder = '', ...evenMore] = after?.split(':') ?? []
  const isRef = ref === undefined || /^\w[\w./@+-]*$/.test(ref)
  if (more.length + evenMore.length > 0 || !isRef || (folder && kind !== 'git')) {
    throw wrong(text, 'what follows # is no ref')
  }
  if (HOSTS.includes(kind)) {
    if (!/^[\w.-]+(\/[\w.-]+)+$/.test(place) || place.split('/').includes('..'))
      throw wrong(text, 'it is owner/repository')
    return { kind: 'host', text, name: `${kind}:${place}`, ref }
  }
  if (kind !== 'git') throw wrong(text, `it begins with ${[...HOSTS, 'git', 'https'].join(':, ')}:`)
  if (!/^([./]|ssh:\/\/|https:\/\/|[\w.-]+@[\w.-]+:)/.test(place)) throw wrong(text, 'git: takes a path, ssh or https')
  if (/^https:/.test(place)) parseUrl(place)
  return { kind: 'git', text, uri: place, ref, folder }
}

function parseUrl(text: string): Source {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url) throw wrong(text, 'it is no address')
  if (url.username || url.password || url.search) throw wrong(text, 'it may hold a secret, and a source is recorded')
  if (!isTrusted(url)) throw wrong(text, 'over http anybody on the way could change it: use https')
  return { kind: 'url', text }
}

/** Encrypted, or never on a wire. */
export const isTrusted = (url: URL) =>
  url.protocol === 'https:' || (url.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname))

/** The same source at one commit, to be typed again: what is pinned. */
export function pinnedSource(source: Source, commit: string | undefined): string {
  if (!commit || source.kind === 'url') return source.text
  if (source.kind === 'host') return `${source.name}#${commit}`
  return `git:${source.uri}#${commit}${source.folder && `:${source.folder}`}`
}

function wrong(text: string, why: string) {
  return usageError(
    `--template ${JSON.stringify(text)}: ${why}.`,
    'Such as gh:owner/repository/folder#v1, git:../templates#main, or https://example.com/templates.tar.gz.',
  )
}
