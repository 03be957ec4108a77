import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Path below `templates/`, with slashes, to its text. */
export type Templates = ReadonlyMap<string, string>

// src/ and dist/ lie equally deep, so one path serves the sources and the bundle.
const FOLDER = fileURLToPath(new URL('../templates/', import.meta.url))

/** Reads every template. Throws what the file system throws: without them the installation is broken. */
export function readTemplates(): Templates {
  const texts = new Map<string, string>()
  read('')
  return texts

  function read(folder: string): void {
    for (const entry of readdirSync(FOLDER + folder, { withFileTypes: true })) {
      const path = folder + entry.name
      if (entry.isDirectory()) read(`${path}/`)
      else texts.set(path, readFileSync(FOLDER + path, 'utf8'))
    }
  }
}

/** One hash over all names and texts: what a manifest pins. */
export function integrityOf(templates: Templates): string {
  const hash = createHash('sha256')
  for (const path of [...templates.keys()].sort()) hash.update(`${path}\0${templates.get(path)}\0`)
  return `sha256-${hash.digest('base64')}`
}
