-- Most failing (the trace finds the last one in your request logs)
SELECT
  method || ' ' || routePath AS route,
  statusCode AS status,
  count(*) AS failed,
  ago(max(timestamp)) AS last_s,
  arg_max(traceId, timestamp) AS trace_id
FROM traffic
WHERE statusCode >= 500
GROUP BY route, status
ORDER BY failed DESC, route, status
LIMIT 5;
