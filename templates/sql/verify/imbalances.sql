-- What does not balance: per source by its own mark, and per hour by all marks against the rows in the lake.
WITH books AS (
  SELECT
    sourceName || '/' || path || if("offset" = 0, '', '@' || "offset") AS source,
    unnest(counts),
    coalesce(list_sum(map_values(counts.rejected)), 0) AS refused,
    coalesce(list_sum(list_transform(fragments, lambda f: f.rows)), 0) AS stored
  FROM marks
),
promised AS (
  SELECT fragment.name[:10] AS hour, sum(fragment.rows) AS "rows"
  FROM (SELECT unnest(fragments) AS fragment FROM marks UNION ALL SELECT {'name': hour, 'rows': "rows"} FROM adjusted)
  GROUP BY hour
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
SELECT 'hour ' || hour, 'rows by the marks and replays = rows in the lake', coalesce(promised.rows, 0), coalesce(counted.rows, 0)
FROM promised FULL JOIN counted USING (hour)
WHERE coalesce(promised.rows, 0) <> coalesce(counted.rows, 0)
ORDER BY 1, 2;
