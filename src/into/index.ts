import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { CliError, messageOf, usageError } from '../errors.ts'
import { MANIFEST } from '../manifest.ts'
import { nameProblem, similarName, type Target } from '../names.ts'
import type { Answers } from '../questions.ts'
import { bullets, type Planned, planFile, targetProblem } from '../target.ts'
import { type Left, mergeGatewayConfig, mergePackageInto } from './merge.ts'

export { relocate } from './relocate.ts'

/** The folder of the pipeline in a project that it moves into. */
export const HOME = 'analytics'

/** The project that `--into` names. Throws where there is none, or where one of ours is there already. */
export function existingProject(into: string, cwd: string): Target {
  const dir = resolve(cwd, into)
  const path = join(dir, 'package.json')
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw usageError(`--into ${into}: there is no package.json.`, 'Without --into, a project of its own is made.')
  }
  if (existsSync(join(dir, MANIFEST))) {
    throw new CliError(`${dir} holds an analytics project already.`, {
      code: 'ALREADY_THERE',
      hint: 'create-stoma-analytics upgrade brings it to this release, and --set changes its answers.',
    })
  }
  const { name } = parsed(path, (text) => JSON.parse(text.replace(/^\uFEFF/, '')) as { name?: unknown })
  const own = typeof name === 'string' ? name.replace(/^@[^/]*\//, '') : basename(dir)
  // A name of its own: that of a Worker and of buckets, which must not be those of the gateway.
  return { dir, name: `${nameProblem(own) ? similarName(own) : own}-${HOME}` }
}

/**
 * What moving `files` into a project would do, file by file, and what of the project stays otherwise than the pipeline
 * would have it. Throws, with every path listed, where a file of ours would lie on one of the project's.
 */
export function planInto(
  dir: string,
  files: readonly { path: string; text: string; mode?: Planned['mode'] }[],
  { runtime }: Pick<Answers, 'runtime'>,
): { plan: Planned[]; left: Left[] } {
  const standing = targetProblem(dir)
  if (standing) throw standing
  const left: Left[] = []
  const merge = (path: string, merged: (theirs: string) => { text: string; left: Left[] }): Planned => {
    const theirs = readFileSync(join(dir, path), 'utf8')
    const result = parsed(join(dir, path), merged)
    left.push(...result.left)
    const action = result.text === theirs ? 'same' : 'merge'
    return { path, text: result.text, mode: '644', action, ...(action === 'merge' && { merges: theirs }) }
  }
  const planned = files.map(({ path, text, mode = '644' }) => {
    const file = planFile(dir, path, text)
    const isMerged = path === 'package.json' && file.action !== 'blocked'
    return isMerged ? merge(path, (theirs) => mergePackageInto(theirs, text)) : { mode, ...file }
  })
  const taken = planned.filter(({ action }) => action === 'overwrite' || action === 'blocked').map(({ path }) => path)
  if (taken.length > 0) {
    throw new CliError(`These places are taken:\n${bullets(taken)}`, {
      code: 'TARGET_NOT_EMPTY',
      hint: `The pipeline goes to ${HOME}/: move what is there out of the way. Nothing was written.`,
      details: { collisions: taken },
    })
  }
  const config = ['wrangler.jsonc', 'wrangler.json'].find((name) => existsSync(join(dir, name)))
  const gateway =
    runtime === 'cloudflare' && config ? [merge(config, (theirs) => mergeGatewayConfig(config, theirs))] : []
  return { plan: [...(planned as Planned[]), ...gateway], left }
}

/** Does something with a file's text; what is no JSON is said with its path. */
function parsed<T>(path: string, use: (text: string) => T): T {
  try {
    return use(readFileSync(path, 'utf8'))
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    const hint = 'Nothing was written.'
    throw new CliError(`${path} is no JSON: ${messageOf(cause)}.`, { code: 'UNREADABLE', cause, hint })
  }
}
