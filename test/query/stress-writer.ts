import { partitionOf } from '../../templates/src/lake/layout.ts'
import { lakeWriter, type Written } from './support.ts'

// Ingests and compacts in a lake as fast as it can, until it is killed: every commit of the protocol, in its order.
const lake = lakeWriter(process.argv[2] as string)
const HOURS = ['2026010110', '2026010111', '2026010200']
await lake.found()
const partitions = new Map<string, { fresh: Written[]; held: Written[]; generation: number }>()

for (let source = 0; ; source++) {
  const id = `source-${source}`
  const written = await lake.fragments(
    id,
    HOURS.map((hour) => ({ hour, rows: 10 })),
  )
  lake.mark(id, written)
  for (const fragment of written) {
    const path = partitionOf(fragment.name.slice(0, 10), 'day')
    const partition = partitions.get(path) ?? { fresh: [], held: [], generation: 0 }
    partition.fresh.push(fragment)
    partitions.set(path, partition)
  }
  // Each partition at its own pace, so that they never agree on what is compacted.
  for (const [i, partition] of [...partitions.values()].entries()) {
    if (source % (i + 2) !== 0) continue
    const { fresh, held } = partition
    await lake.compact(fresh, { generation: ++partition.generation }, held)
    lake.remove(fresh)
    partition.held.push(...fresh.splice(0))
  }
}
