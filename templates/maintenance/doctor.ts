import { withStorage } from '../query/lake.ts'
import { bold, print } from '../query/table.ts'
import type { CompactorStorage } from '../src/types.ts'
import type { Flags } from '../src/worker/settings.ts'

/** What a check found. With `mend`, what is to be done about it; without, it is good to know. */
export interface Finding {
  what: string
  mend?: string
}

/** The settings, and where the lake lies. */
export interface Patient {
  settings: Flags['settings']
  storage: CompactorStorage
}

/** Looks at one part of the project or of what is around it. What it throws is to be mended, too. */
export type Check = (patient: Patient, now?: number) => AsyncIterable<Finding>

/** Runs the checks by their names. The exit code is 4 when something is to be done. */
export async function runDoctor(
  { settings, json }: Flags,
  checks: Readonly<Record<string, Check>>,
  write = print,
): Promise<number> {
  const findings: (Finding & { check: string })[] = []
  const tell = (check: string, finding: Finding) => {
    findings.push({ check, ...finding })
    if (!json)
      write(finding.mend ? `${bold('MEND')}  ${finding.what}\n      → ${finding.mend}\n` : `ok    ${finding.what}\n`)
  }
  const examine = async (storage: CompactorStorage) => {
    for (const [name, check] of Object.entries(checks))
      try {
        for await (const finding of check({ settings, storage })) tell(name, finding)
      } catch (error) {
        const what = (error as Error).message
        if (findings.every((finding) => finding.what !== what))
          tell(name, { what, mend: 'as the message says; this check could not go on' })
      }
  }
  let isOpen = false
  await withStorage(settings, ({ storage }) => {
    isOpen = true
    return examine(storage)
  }).catch((error) => {
    if (isOpen) throw error
    return examine(closed(error))
  })
  const count = findings.filter(({ mend }) => mend).length
  if (json) write(`${JSON.stringify({ findings, toMend: count })}\n`)
  else write(bold(count > 0 ? `${count} to mend.\n` : 'Nothing to mend.\n'))
  return count > 0 ? 4 : 0
}

/** In place of a lake that cannot be opened: whoever asks it is told why, and checks that do not ask go on. */
const closed = (why: Error) =>
  new Proxy({} as CompactorStorage, {
    get() {
      throw why
    },
  })
