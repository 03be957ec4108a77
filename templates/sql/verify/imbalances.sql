-- What does not balance: per source by its own mark, and per hour by all marks against the rows in the lake.
WITH books AS (
  SELECT
    sourceName || '/' || path || if("offset" = 0, '', '@' || "offset") AS source,
    unnest(counts),
    coalesce(list_sum(map_values(counts.rejected)), 0) AS refused,
    coalesce(list_sum(list_transform(fragments, lambda f: f.rows)), 0) AS stored
  FROM marks
),
promises AS (
  SELECT fragment.name[:10] AS hour, fragment.rows AS promised, 0 AS counted
  FROM (SELECT unnest(fragments) AS fragment FROM marks)
  UNION ALL SELECT replace(hour, '/', ''), "rows", 0 FROM adjusted
  UNION ALL SELECT hour, 0, "rows" FROM counted
),
emptied AS (
  SELECT replace(hour, '/', '') AS span FROM adjusted WHERE contains(hour, '/')
),
spans AS (
  -- By hour; but the hours of a partition that retention emptied are counted together, as it counted them.
  SELECT
    coalesce((SELECT max(span) FROM emptied WHERE starts_with(hour, span)), hour) AS span,
    sum(promised) AS promised,
    sum(counted) AS counted
  FROM promises
  GROUP BY ALL
)
SELECT source AS "where", 'lines + extra = entries + foreign + rejected' AS rule,
  lines + extra AS expected, entries + "foreign" + refused AS found
FROM books WHERE expected IS DISTINCT FROM found
UNION ALL
SELECT source, 'entries = rows + dropped', entries, "rows" + dropped
FROM books WHERE entries IS DISTINCT FROM "rows" + dropped
UNION ALL
SELECT source, 'rows = rows of its fragments', "rows", stored
FROM books WHERE "rows" IS DISTINCT FROM stored
UNION ALL
SELECT 'hour ' || span, 'rows by the marks and replays = rows in the lake', promised, counted
FROM spans WHERE promised <> counted
ORDER BY 1, 2;
