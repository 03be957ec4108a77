import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** Path below `templates/`, with slashes, to its text. */
export type Templates = ReadonlyMap<string, string>

/** The build packs all templates into this one file beside the bundle: ninety small reads cost a tenth of a run. */
const PACKED = 'templates.json.gz'

/** Reads every template. Throws what the file system throws: without them the installation is broken. */
export function readTemplates(): Templates {
  const packed = new URL(PACKED, import.meta.url)
  return existsSync(packed) ? new Map(JSON.parse(gunzipSync(readFileSync(packed)).toString('utf8'))) : readFolder()
}

/** The same from the folder they are edited in; what a project never gets stays out. */
export function readFolder(): Templates {
  const root = fileURLToPath(new URL('../templates/', import.meta.url))
  const texts = new Map<string, string>()
  read('')
  return texts

  function read(folder: string): void {
    for (const entry of readdirSync(root + folder, { withFileTypes: true })) {
      const path = folder + entry.name
      if (entry.isDirectory()) read(`${path}/`)
      else texts.set(path, readFileSync(root + path, 'utf8'))
    }
  }
}

/** One hash over all names and texts: what a manifest pins. */
export function integrityOf(templates: Templates): string {
  const hash = createHash('sha256')
  for (const path of [...templates.keys()].sort()) hash.update(`${path}\0${templates.get(path)}\0`)
  return `sha256-${hash.digest('base64')}`
}
