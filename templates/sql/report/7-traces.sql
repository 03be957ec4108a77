-- Made of trace events, not by the policy: durations are wall times, sizes are unknown
SELECT
  count(*) AS requests,
  strftime(min(timestamp), '%Y-%m-%d %H:%M') AS "from",
  strftime(max(timestamp), '%Y-%m-%d %H:%M') AS "to"
FROM traffic
WHERE contains(dimensions, '"source":"trace"')
HAVING count(*) > 0;
