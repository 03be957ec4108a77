-- Slowest
SELECT
  method || ' ' || routePath AS route,
  statusCode AS status,
  durationMs AS took_ms,
  epoch(now() AT TIME ZONE 'UTC' - timestamp) AS seen_ago,
  traceId AS trace_id
FROM traffic
ORDER BY durationMs DESC, timestamp DESC
LIMIT 5;
