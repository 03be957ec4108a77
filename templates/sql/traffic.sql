-- What every table of the report reads: the requests between --from and --to, of one --route or of all.
-- A time is ISO 8601, in UTC unless it says otherwise; an age (24h, 7d, '30 minutes') counts back from now.
CREATE OR REPLACE TEMP MACRO moment(flag, if_absent) AS CASE
  WHEN getvariable(flag) IS NULL THEN if_absent
  ELSE coalesce(
    try_cast(getvariable(flag) AS TIMESTAMPTZ) AT TIME ZONE 'UTC',
    now() AT TIME ZONE 'UTC' - try_cast(nullif(getvariable(flag), regexp_extract(getvariable(flag), '^\d+$')) AS INTERVAL),
    error('--' || flag || ' ' || getvariable(flag) || ': neither a time (2026-01-31, 2026-01-31T12:00) nor an age (24h, 7d)')
  )
END;
SET VARIABLE since = moment('from', TIMESTAMP '-infinity');
SET VARIABLE until = moment('to', TIMESTAMP 'infinity');

CREATE OR REPLACE TEMP VIEW traffic AS
SELECT *
FROM analytics
WHERE timestamp >= getvariable('since')
  AND timestamp < getvariable('until')
  AND (getvariable('route') IS NULL OR routePath = getvariable('route') OR routePath GLOB getvariable('route'));
