-- Routes
SELECT
  method || ' ' || routePath AS route,
  count(*) AS requests,
  100 * count(*) FILTER (statusCode BETWEEN 400 AND 499) / count(*) AS "4xx_pct",
  100 * count(*) FILTER (statusCode >= 500) / count(*) AS "5xx_pct",
  quantile_cont(durationMs, 0.5) AS p50_ms,
  quantile_cont(durationMs, 0.95) AS p95_ms,
  quantile_cont(durationMs, 0.99) AS p99_ms,
  sum(responseSize) AS sent_bytes
FROM traffic
GROUP BY route
ORDER BY requests DESC, route
LIMIT 20;
