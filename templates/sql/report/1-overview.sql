-- Overview
SELECT
  count(*) AS requests,
  percent(count(*) FILTER (statusCode BETWEEN 400 AND 499), count(*)) AS "4xx_pct",
  percent(count(*) FILTER (statusCode >= 500), count(*)) AS "5xx_pct",
  ms(quantile_cont(durationMs, 0.5)) AS p50_ms,
  ms(quantile_cont(durationMs, 0.95)) AS p95_ms,
  ms(quantile_cont(durationMs, 0.99)) AS p99_ms,
  bytes(sum(responseSize)) AS sent_bytes,
  ago(max(timestamp)) AS newest_s,
  (SELECT coalesce(sum(list_sum(map_values(counts.rejected))), 0) FROM marks) AS rejected
FROM traffic;
