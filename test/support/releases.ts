import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BASES, MANIFEST, packOf } from '../../src/manifest.ts'

const FOLDER = fileURLToPath(new URL('../releases/', import.meta.url))

export interface Release {
  version: string
  /** The projects it emitted, by their choices: path to text. */
  cells: ReadonlyMap<string, ReadonlyMap<string, string>>
}

/** What every released version emitted, oldest first. */
export function releases(): Release[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readRelease(join(FOLDER, name)))
}

function readRelease(path: string): Release {
  const { version, cells, texts } = JSON.parse(readFileSync(path, 'utf8'))
  const filesOf = (cell: Record<string, string>) => {
    const files = new Map(Object.entries(cell).map(([path, hash]) => [path, texts[hash] as string]))
    const emitted = [...files].filter(([path]) => path !== MANIFEST && !path.startsWith(BASES))
    const pack = packOf(emitted.map(([, text]) => text))
    // A pack is named by its content: another name would mean that these are not the texts it held.
    if (!files.has(pack.path)) throw new Error(`${path}: the pack of base texts does not come out as it was`)
    return files.set(pack.path, pack.text)
  }
  return {
    version,
    cells: new Map(Object.entries<Record<string, string>>(cells).map(([name, cell]) => [name, filesOf(cell)])),
  }
}

/** Writes a tree below a folder. */
export function writeTree(dir: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
    chmodSync(join(dir, path), 0o644)
  }
}
