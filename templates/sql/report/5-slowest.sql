-- Slowest
SELECT
  method || ' ' || routePath AS route,
  statusCode AS status,
  ms(durationMs) AS took_ms,
  ago(timestamp) AS seen_s,
  traceId AS trace_id
FROM traffic
ORDER BY durationMs DESC, timestamp DESC
LIMIT 5;
