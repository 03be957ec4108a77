import { describe, expect, it } from 'vitest'
import { expiring } from './lifecycle.ts'

const rule = (id: string, ...parts: string[]) => `<Rule><ID>${id}</ID><Status>Enabled</Status>${parts.join('')}</Rule>`
const days = '<Expiration><Days>30</Days></Expiration>'
const below = (prefix: string) => `<Filter><Prefix>${prefix}</Prefix></Filter>`
const found = (...rules: string[]) =>
  expiring(`<LifecycleConfiguration xmlns="x">${rules.join('')}</LifecycleConfiguration>`, 'analytics/')

describe('lifecycle rules', () => {
  it('are told where they delete something of the lake', () => {
    expect(
      found(
        rule('all', days),
        rule('state', below('analytics/_state/'), days),
        rule('old', '<Prefix>ana</Prefix>', days),
      ),
    ).toEqual(['all', 'state', 'old'])
  })

  it('are fine where they meet other keys, or delete nothing', () => {
    const abort =
      '<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>'
    const tagged = '<Filter><Tag><Key>temporary</Key><Value>yes</Value></Tag></Filter>'
    expect(found(rule('logs', below('logs/'), days), rule('parts', abort), rule('tags', tagged, days))).toEqual([])
    expect(found(rule('off', days).replace('Enabled', 'Disabled'))).toEqual([])
    expect(found()).toEqual([])
  })
})
