import { type LakeWriter, lakeWriter } from '../query/support.ts'

/** A month of traffic at about `rows` rows, one compacted file a day, up to midnight of the day before `end`. */
export async function monthOfTraffic(root: string, rows: number, end: Date): Promise<LakeWriter> {
  const lake = lakeWriter(root)
  await lake.found()
  const days = 30
  for (let day = days; day > 0; day--) {
    const date = new Date(end.getTime() - day * 24 * 3_600_000).toISOString().slice(0, 10)
    const select = `TIMESTAMP '${date}' + to_milliseconds((i * 86400000 // ${Math.ceil(rows / days)})::BIGINT) AS timestamp,
      'shop' AS gatewayName, ['/products', '/products/:id', '/orders', '/search', '/reports/yearly'][1 + (random() ** 2 * 5)::INTEGER % 5] AS routePath,
      ['GET', 'GET', 'GET', 'POST'][1 + (random() * 4)::INTEGER % 4] AS method,
      [200, 200, 200, 200, 200, 200, 200, 201, 404, 502][1 + (random() * 10)::INTEGER % 10]::INTEGER AS statusCode,
      round(5 + 40 * random() / (1.02 - random()), 2) AS durationMs, (random() * 20000)::BIGINT AS responseSize,
      md5(random()::VARCHAR) AS traceId, '{"plan":"' || ['free', 'pro', 'team'][1 + i % 3] || '"}' AS dimensions`
    const hour = `${date.replaceAll('-', '')}00`
    const written = await lake.ingested(date, [{ hour, rows: Math.ceil(rows / days), select }])
    await lake.compact(written)
    lake.remove(written)
  }
  return lake
}
