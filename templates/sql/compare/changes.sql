-- What changed from the earlier window to the later one, by route; the lines without a route are about all of them.
--
-- A change counts if it is by a fifth or more, concerns five requests or more, and is larger than chance makes it with
-- so few requests: three standard deviations.
SET VARIABLE least_change = 0.2;
SET VARIABLE least_requests = 5;
SET VARIABLE deviations = 3;

CREATE OR REPLACE TEMP VIEW later AS
SELECT method || ' ' || routePath AS route, statusCode, durationMs, responseSize
FROM traffic JOIN windows ON gatewayName = coalesce(gateway, gatewayName)
WHERE timestamp >= since AND timestamp < until
  AND (version IS NULL OR (dimensions ->> 'version') = version);

CREATE OR REPLACE TEMP VIEW before AS
SELECT method || ' ' || routePath AS route, statusCode, durationMs, responseSize
FROM traffic JOIN windows ON gatewayName = coalesce(gateway, gatewayName)
WHERE timestamp >= earlier AND timestamp < earlier + (until - since)
  AND (version IS NULL OR (dimensions ->> 'version') IS DISTINCT FROM version);

CREATE OR REPLACE TEMP MACRO sums_of(side) AS TABLE
SELECT
  route,
  count(*) AS requests,
  count(*) FILTER (statusCode >= 500) / requests AS "5xx",
  count(*) FILTER (statusCode BETWEEN 400 AND 499) / requests AS "4xx",
  quantile_cont(durationMs, 0.95) AS p95,
  avg(responseSize) AS bytes,
  var_samp(responseSize) / count(responseSize) AS bytes_variance
FROM query_table(side)
GROUP BY GROUPING SETS ((route), ())
HAVING count(*) > 0;

-- How many standard deviations lie between two shares, p of n requests and q of m.
CREATE OR REPLACE TEMP MACRO shares_apart(p, n, q, m) AS
  abs(p - q) / sqrt((p * n + q * m) / (n + m) * (1 - (p * n + q * m) / (n + m)) * (1 / n + 1 / m));

CREATE OR REPLACE TEMP TABLE changes AS
WITH a AS (
  FROM sums_of('before')
),
b AS (
  FROM sums_of('later')
),
slow AS (
  -- By its definition, one in twenty was slower than the earlier p95. How many are now?
  SELECT route, avg(if(durationMs > p95, 1, 0)) AS share FROM later JOIN a USING (route) GROUP BY route
  UNION ALL
  SELECT NULL, avg(if(durationMs > p95, 1, 0)) FROM later, a WHERE a.route IS NULL
),
measures AS (
  SELECT
    coalesce(a.route, b.route) AS route, coalesce(a.requests, 0)::DOUBLE AS n, coalesce(b.requests, 0)::DOUBLE AS m,
    unnest([
    {
      'what': 'requests', 'before': n, 'now': m, 'apart': abs(n - m) / sqrt(n + m), 'concerned': abs(n - m)
    },
    {
      'what': '5xx', 'before': a."5xx", 'now': b."5xx",
      'apart': shares_apart(a."5xx", n, b."5xx", m), 'concerned': abs(a."5xx" - b."5xx") * m
    },
    {
      'what': '4xx', 'before': a."4xx", 'now': b."4xx",
      'apart': shares_apart(a."4xx", n, b."4xx", m), 'concerned': abs(a."4xx" - b."4xx") * m
    },
    {
      'what': 'p95', 'before': a.p95, 'now': b.p95,
      'apart': shares_apart(0.05, n, share, m), 'concerned': abs(share - 0.05) * m
    },
    {
      'what': 'bytes', 'before': a.bytes, 'now': b.bytes,
      'apart': abs(a.bytes - b.bytes) / sqrt(a.bytes_variance + b.bytes_variance), 'concerned': m
    }
  ], max_depth := 2)
  FROM a FULL JOIN b ON a.route IS NOT DISTINCT FROM b.route
  LEFT JOIN slow ON slow.route IS NOT DISTINCT FROM a.route
)
SELECT
  route, what, before, now, concerned,
  before <> now AND abs(now - before) >= getvariable('least_change') * before
    AND concerned >= getvariable('least_requests') AND apart >= getvariable('deviations') AS counts,
  counts AND what IN ('5xx', 'p95') AND now > before AS is_worse
FROM measures
WHERE before IS NOT NULL AND now IS NOT NULL;
