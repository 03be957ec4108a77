import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Contestant, megabytes, race, ratio } from './measure.ts'
import { printTable } from './report.ts'

/** Emission of a whole project, and what installing the tool puts on the disk, beside create-vite. */
export async function benchEmit(root: string, work: string): Promise<void> {
  const folder = join(work, 'emit')
  const fresh = () => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
  }
  const wrote = (name: string) => () => {
    if (!existsSync(join(folder, 'app/package.json'))) throw new Error(`${name} wrote no project`)
  }
  const vite = join(root, 'node_modules/create-vite/index.js')
  const contestants: Contestant[] = [
    {
      name: 'create-stoma-analytics',
      args: [join(root, 'dist/cli.js'), 'app', '--runtime', 'node', '--yes', '--no-install', '--no-git'],
      cwd: folder,
      before: fresh,
      check: wrote('create-stoma-analytics'),
    },
    {
      name: 'create-vite',
      args: [vite, 'app', '--template', 'vanilla-ts', '--no-interactive', '--no-immediate'],
      cwd: folder,
      before: fresh,
      check: wrote('create-vite'),
    },
  ]
  const results = await race(contestants, 9)
  const peer = results.get('create-vite')
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' }),
  )
  const sizes: Record<string, number> = {
    'create-stoma-analytics': packed[0].unpackedSize,
    'create-vite': sizeOf(join(root, 'node_modules/create-vite')),
  }
  printTable(
    'Emitting a project (whole process)',
    ['tool', 'wall', 'ratio', 'peak memory', 'ratio', 'unpacked'],
    [...results].map(([name, { wall, rss }]) => [
      name,
      `${(wall * 1000).toFixed(0)} ms`,
      ratio(wall, peer?.wall ?? 0),
      megabytes(rss),
      ratio(rss, peer?.rss ?? 0),
      megabytes(sizes[name] ?? 0),
    ]),
  )
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => lstatSync(join(folder, path)))
    .reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0)
}
