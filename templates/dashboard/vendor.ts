import { mkdir, writeFile } from 'node:fs/promises'
import { PACKAGED, readAsset } from './assets.ts'

// Puts what the page needs of installed packages beside it, where wrangler finds it.
await mkdir(new URL('./page/vendor/', import.meta.url), { recursive: true })
for (const path of PACKAGED) await writeFile(new URL(`./page${path}`, import.meta.url), (await readAsset(path)) ?? '')
