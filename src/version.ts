import manifest from '../package.json' with { type: 'json' }

export const NAME = manifest.name
export const VERSION = manifest.version
/** Such as 20.12.0. */
export const LEAST_NODE = manifest.engines.node.replace('>=', '')

const versions: Record<string, string> = manifest.devDependencies

/** The version this very repository is tested with: the one an emitted project asks for. */
export function versionOf(dependency: string): string {
  const version = versions[dependency]
  if (!version) throw new Error(`package.json has no ${dependency}: a project cannot depend on what is not tested here`)
  return version
}
