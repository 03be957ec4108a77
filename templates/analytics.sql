-- The view `analytics` for a DuckDB of your own (1.4 or later): every ingested row exactly once, fresh ones included.
--
--   duckdb -init analytics.sql
--   FROM analytics LIMIT 5;
--
-- The lists below are made when this file is read: read it again to see newer rows. Nothing must be compacted between
-- that and the end of a query, which then fails on a deleted file or, on local disks, may count rows of that compaction
-- twice or not at all. `report` and `query` of this project have no such limit: they notice, and look again.
-- Relative to the folder that DuckDB was started in; or set `root` before this file is read.
SET VARIABLE root = coalesce(getvariable('root'), './lake/analytics');

-- Brackets and the like in a path mean something to glob.
SET VARIABLE pattern = regexp_replace(getvariable('root'), '([\[*?])', '[\1]', 'g');

CREATE OR REPLACE TEMP TABLE lake_files AS
SELECT
  file,
  parse_filename(file) AS name,
  regexp_extract(name, '^\d{10}-([0-9a-f]{20})-[0-9a-f]{12}\.parquet$', 1) AS source,
  regexp_matches(file, '\d{4}(.\d\d){1,3}.compacted\.parquet$|_state.schema\.parquet$') AS is_whole
FROM glob(getvariable('pattern') || '/**/*.parquet');

-- What each compacted file says of itself: the fragments it holds, and until when their names were forgotten. The empty
-- file beside the lake's state keeps the list from being empty.
SET VARIABLE compacted = (
  SELECT coalesce(list(file), error('There is no lake at ' || getvariable('root')))
  FROM lake_files WHERE is_whole
);
CREATE OR REPLACE TEMP TABLE lake_lineages AS
SELECT
  file_name[:-length('compacted.parquet') - 1] AS folder,
  json_keys(max(decode(value)) FILTER (decode(key) = 'lineage')) AS names,
  max(if(decode(key) = 'forgotten', decode(value), NULL))::DOUBLE AS forgotten
FROM parquet_kv_metadata(getvariable('compacted'))
GROUP BY file_name
HAVING names IS NOT NULL;

-- The marks of the listed fragments' sources; lake.json is none, and keeps the list from being empty.
SET VARIABLE marks = (
  SELECT list_append(coalesce(list(file), []), getvariable('root') || '/_state/lake.json')
  FROM glob(getvariable('pattern') || '/_state/ingested/**/*.json')
  WHERE file[-25:-6] IN (SELECT source FROM lake_files)
);
CREATE OR REPLACE TEMP TABLE lake_marked AS
SELECT unnest(from_json(content::JSON -> '$.fragments[*].name', '["VARCHAR"]')) AS name, last_modified AS modified
FROM read_text(getvariable('marks'));

-- A fragment counts if its source's mark lists it and no compacted file holds it.
SET VARIABLE live = (
  SELECT list_concat(getvariable('compacted'), coalesce(list(file), []))
  FROM lake_files JOIN lake_marked USING (name)
  WHERE name NOT IN (SELECT unnest(names) FROM lake_lineages)
    -- DuckDB knows the mark's time to the second: within one second, a mark counts as newer.
    AND NOT EXISTS (FROM lake_lineages WHERE starts_with(file, folder) AND epoch(modified) < floor(forgotten / 1000))
);
CREATE OR REPLACE TEMP VIEW analytics AS
FROM read_parquet(getvariable('live'), union_by_name = true, hive_partitioning = false);

-- Times are UTC without a zone, so compare them with UTC's now:
--
--   SELECT routePath, count(*) AS requests, quantile_cont(durationMs, 0.95) AS p95
--   FROM analytics WHERE timestamp > now() AT TIME ZONE 'UTC' - INTERVAL 1 HOUR
--   GROUP BY ALL ORDER BY requests DESC;
--
--   SELECT dimensions ->> 'region' AS region, count(*) FROM analytics GROUP BY ALL;
