-- The last deploy of each gateway: since when its newest `version` has answered most requests of every minute. It is
-- held against as long a time before, in which other versions answered.
CREATE OR REPLACE TEMP TABLE windows AS
WITH minutes AS (
  SELECT gatewayName AS gateway, date_trunc('minute', timestamp) AS minute, mode(dimensions ->> 'version') AS version
  FROM traffic
  GROUP BY ALL
  HAVING version IS NOT NULL
),
current AS (
  SELECT gateway, arg_max(version, minute) AS version FROM minutes GROUP BY gateway
),
deploys AS (
  SELECT gateway, current.version, max(minute) FILTER (minutes.version <> current.version) AS last_other
  FROM minutes JOIN current USING (gateway)
  GROUP BY ALL
  HAVING last_other IS NOT NULL
)
SELECT
  gateway, deploys.version,
  min(timestamp) AS since,
  getvariable('until') AS until,
  since - (until - since) AS earlier
FROM traffic
JOIN deploys ON gatewayName = gateway AND (dimensions ->> 'version') = deploys.version
  AND timestamp >= last_other + INTERVAL 1 MINUTE
GROUP BY ALL;
