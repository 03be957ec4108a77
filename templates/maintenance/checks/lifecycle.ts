import { S3Error, s3Client } from '../../src/storage/s3-client.ts'
import { elements, textOf } from '../../src/storage/xml.ts'
import type { Check } from '../doctor.ts'

/** What the settings say of a bucket. */
type BucketSettings = Parameters<Check>[0]['settings'] & { endpoint: string; region: string }

/** Whether a rule of the lake's bucket deletes what the lake needs: all of it, `_state/` above all. */
export const checkLifecycle: Check = async function* ({ settings }) {
  const { lake, prefix, endpoint, region } = settings as BucketSettings
  const [, bucket] = /^s3:\/\/([^/]+)/.exec(lake) ?? []
  if (!bucket) return
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '' } = process.env
  const keys = {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN,
  }
  const send = s3Client({ bucket, endpoint, region, ...keys })
  const request = { method: 'GET', query: { lifecycle: '' }, expect: ['NoSuchLifecycleConfiguration', '404'] } as const
  let rules: string[]
  try {
    rules = expiring((await send(request, ({ text }) => text())) ?? '', `${prefix}/`)
  } catch (error) {
    if (!(error instanceof S3Error)) throw error
    return yield {
      what: `the store does not tell its lifecycle rules (${error.code}): none may delete below ${prefix}/`,
    }
  }
  const mend = `keep it off ${prefix}/: nothing in there is temporary, rows go by \`keep\``
  for (const rule of rules)
    yield { what: `the lifecycle rule "${rule}" of ${bucket} deletes what the lake needs`, mend }
  if (rules.length === 0) yield { what: 'no lifecycle rule deletes anything of the lake' }
}

/** Names of the rules that delete objects whose keys begin so. One that goes by tags meets none: the lake sets no tags. */
export function expiring(xml: string, prefix: string): string[] {
  return elements(xml, 'Rule')
    .filter((rule) => textOf(rule, 'Status') === 'Enabled' && elements(rule, 'Tag').length === 0)
    .filter((rule) => elements(rule, 'Expiration').some((when) => /<(?:\w+:)?(?:Days|Date)>/.test(when)))
    .filter((rule) => {
      const begin = textOf(rule, 'Prefix') ?? ''
      return prefix.startsWith(begin) || begin.startsWith(prefix)
    })
    .map((rule) => textOf(rule, 'ID') || 'without a name')
}
