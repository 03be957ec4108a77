import { fileURLToPath } from 'node:url'
import { unstable_readConfig } from 'wrangler'
import { cloudflare } from '../../cloudflare.config.ts'
import type { Finding } from '../doctor.ts'

/** Whether wrangler.jsonc and cloudflare.config.ts speak of the same buckets, crons and Worker. */
export async function* checkWrangler(): AsyncIterable<Finding> {
  const { name, r2_buckets, triggers, compatibility_flags, logpush } = unstable_readConfig({
    config: fileURLToPath(new URL('../../wrangler.jsonc', import.meta.url)),
  })
  const ours: Record<'worker' | 'logsBucket' | 'lakeBucket' | 'ingestCron' | 'compactCron', string> = cloudflare
  const mend = 'make wrangler.jsonc and cloudflare.config.ts agree, then deploy'
  const wrong: string[] = []
  if (name !== ours.worker) wrong.push(`the Worker is called ${name} in one, ${ours.worker} in the other`)
  for (const [binding, wanted] of [
    ['LOGS', ours.logsBucket],
    ['LAKE', ours.lakeBucket],
  ] as const) {
    const bucket = r2_buckets.find((bound: { binding: string }) => bound.binding === binding)?.bucket_name
    if (bucket !== wanted)
      wrong.push(`${binding} is bound to ${bucket ?? 'no bucket'} in one, it is ${wanted} in the other`)
  }
  const crons = triggers.crons ?? []
  const wanted = [ours.ingestCron, ours.compactCron]
  for (const cron of wanted) if (!crons.includes(cron)) wrong.push(`nothing runs at "${cron}"`)
  for (const cron of crons) if (!wanted.includes(cron)) wrong.push(`no job is known for the cron "${cron}"`)
  for (const what of wrong) yield { what, mend }
  if (wrong.length === 0) yield { what: 'wrangler.jsonc and cloudflare.config.ts agree on Worker, buckets and crons' }

  if (ours.logsBucket === ours.lakeBucket)
    yield { what: 'logs and lake are one bucket', mend: 'give the lake a bucket of its own' }
  if (!compatibility_flags.includes('nodejs_compat'))
    yield { what: 'nodejs_compat is missing in wrangler.jsonc', mend: 'add it to compatibility_flags: gzip needs it' }
  if (logpush)
    yield {
      what: 'this Worker pushes logs of its own',
      mend: 'remove "logpush" from wrangler.jsonc, or it reads itself',
    }
}
