import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openStores, type StoreSettings } from '../../templates/src/wiring/stores.s3.ts'
import { openStores as openFolders } from '../../templates/src/wiring/stores.ts'

const settings: StoreSettings = {
  ...{ source: './logs', lake: 's3://lake', prefix: 'analytics' },
  ...{ endpoint: '', region: 'us-east-1', settle: 5 },
}

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
})
afterEach(() => vi.unstubAllEnvs())

describe('the places of a project with a bucket', () => {
  it('are folders or buckets, each as it is named', () => {
    expect(openStores(settings).source.name).toBe('logs')
    expect(openStores({ ...settings, source: 's3://raw/gateway/' }).source.name).toBe('raw')
    expect(openStores({ ...settings, lake: './lake', source: 's3://raw' }).source.name).toBe('raw')
    expect(openStores({ ...settings, source: 's3://lake/logs/' }).source.name).toBe('lake')
  })

  it('need credentials for a bucket, and none for folders', () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', '')
    expect(() => openStores(settings)).toThrow(/s3:\/\/lake: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/)
    expect(() => openStores({ ...settings, lake: './lake' })).not.toThrow()
  })

  it.each(['s3://lake', 's3://lake/', 's3://lake/ana', 's3://lake/analytics/'])(
    'are refused where the logs at %s would hold the lake',
    (source) => {
      expect(() => openStores({ ...settings, source })).toThrow(/holds the lake itself/)
    },
  )

  it.each([
    ['.', './lake'],
    ['./data', 'data/lake'],
    ['./data', './data/'],
    ['..', process.cwd()],
  ])('are refused where the logs in the folder %s would hold the lake in %s', (source, lake) => {
    expect(() => openFolders({ source, lake, settle: 5 })).toThrow(/holds the lake itself/)
    expect(() => openStores({ ...settings, source, lake })).toThrow(/holds the lake itself/)
  })

  it.each([
    ['./logs', './lake'],
    ['./lake-logs', './lake'],
    ['./lake', './lake-of-logs'],
    ['./data/logs', './data'],
  ])('may lie side by side, or the logs in %s within the lake’s folder %s', (source, lake) => {
    expect(() => openFolders({ source, lake, settle: 5 })).not.toThrow()
    expect(() => openStores({ ...settings, source, lake })).not.toThrow()
  })

  it('are refused where the lake is more than a bucket', () => {
    expect(() => openStores({ ...settings, lake: 's3://lake/folder' })).toThrow(/put what follows it into `prefix`/)
  })

  it('never take logs for gone that another machine may have', async () => {
    expect(await openStores(settings).source.exists('anything')).toBe(true)
  })
})
