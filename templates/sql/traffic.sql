-- What every table of the report reads: the requests from --from until before --to, of one --route or of all.
CREATE OR REPLACE TEMP VIEW traffic AS
SELECT *
FROM analytics
WHERE timestamp >= getvariable('from')
  AND timestamp < getvariable('to')
  AND (routePath = getvariable('route') OR routePath GLOB getvariable('route'));
