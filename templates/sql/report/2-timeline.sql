-- Over time (UTC)
WITH span AS (
  SELECT min(timestamp) AS first, max(timestamp) AS last FROM traffic
),
bucket AS (
  -- The finest step that keeps the table on one screen.
  SELECT list_filter(
    [INTERVAL 1 MINUTE, INTERVAL 10 MINUTE, INTERVAL 1 HOUR, INTERVAL 3 HOUR, INTERVAL 6 HOUR, INTERVAL 1 DAY, INTERVAL 7 DAY],
    lambda step: last - first < 20 * step
  )[1] AS fitting, coalesce(fitting, INTERVAL 28 DAY) AS step
  FROM span
),
slots AS (
  -- Every step has a line: one without traffic says something too.
  SELECT unnest(generate_series(time_bucket(step, first), time_bucket(step, last), step)) AS slot, step FROM span, bucket
),
sums AS (
  SELECT
    slot,
    any_value(slots.step) AS step,
    count(timestamp) AS requests,
    percent(count(*) FILTER (statusCode >= 500), requests) AS "5xx_pct",
    ms(quantile_cont(durationMs, 0.95)) AS p95_ms
  FROM slots LEFT JOIN traffic ON time_bucket(slots.step, timestamp) = slot
  GROUP BY slot
)
SELECT
  if(step < INTERVAL 1 DAY, strftime(slot, '%Y-%m-%d %H:%M'), strftime(slot, '%Y-%m-%d')) AS "from",
  requests, "5xx_pct", p95_ms,
  bar(requests, 0, max(requests) OVER (), 30) AS bar
FROM sums
ORDER BY slot;
