-- The view `analytics` for a DuckDB of your own (1.4 or later): every ingested row exactly once.
--
--   duckdb -init analytics.sql
--   FROM analytics LIMIT 5;
--
-- The list of files is made when this file is read: read it again to see newer rows.
-- Relative to the folder that DuckDB was started in; or set `root` before this file is read.
SET VARIABLE root = coalesce(getvariable('root'), './lake/analytics');

-- Brackets and the like in a path mean something to glob. lake.json holds no row; it keeps the lists from being empty.
SET VARIABLE pattern = regexp_replace(getvariable('root'), '([\[*?])', '[\1]', 'g');
SET VARIABLE marks = (
  SELECT list_append(coalesce(list(file), []), getvariable('root') || '/_state/lake.json')
  FROM glob(getvariable('pattern') || '/_state/ingested/**/*.json')
);

-- A fragment counts once its source's mark lists it.
SET VARIABLE live = (
  WITH listed AS (
    SELECT unnest(from_json(content::JSON -> '$.fragments[*].name', '["VARCHAR"]')) AS name
    FROM read_text(getvariable('marks'))
  )
  SELECT list_append(
    coalesce(list(concat_ws('/', getvariable('root'), name[1:4], name[5:6], name[7:8], name[9:10], name)), []),
    getvariable('root') || '/_state/lake.json'
  )
  FROM listed
);

-- Add your own columns here, as in src/custom/columns.ts.
CREATE OR REPLACE TEMP VIEW analytics AS
FROM read_ndjson(getvariable('live'), hive_partitioning = false, columns = {
  timestamp: 'TIMESTAMP', gatewayName: 'VARCHAR', routePath: 'VARCHAR', method: 'VARCHAR', statusCode: 'INTEGER',
  durationMs: 'DOUBLE', responseSize: 'BIGINT', traceId: 'VARCHAR', dimensions: 'VARCHAR'
})
WHERE timestamp IS NOT NULL;

-- Times are UTC without a zone, so compare them with UTC's now:
--
--   SELECT routePath, count(*) AS requests, quantile_cont(durationMs, 0.95) AS p95
--   FROM analytics WHERE timestamp > now() AT TIME ZONE 'UTC' - INTERVAL 1 HOUR
--   GROUP BY ALL ORDER BY requests DESC;
