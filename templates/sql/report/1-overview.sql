-- Overview
SELECT
  count(*) AS requests,
  100 * count(*) FILTER (statusCode BETWEEN 400 AND 499) / nullif(count(*), 0) AS "4xx_pct",
  100 * count(*) FILTER (statusCode >= 500) / nullif(count(*), 0) AS "5xx_pct",
  quantile_cont(durationMs, 0.5) AS p50_ms,
  quantile_cont(durationMs, 0.95) AS p95_ms,
  quantile_cont(durationMs, 0.99) AS p99_ms,
  sum(responseSize) AS sent_bytes,
  epoch(now() AT TIME ZONE 'UTC' - max(timestamp)) AS newest_ago,
  (SELECT coalesce(sum(list_sum(map_values(counts.rejected))), 0) FROM marks) AS rejected
FROM traffic;
