-- Two windows of equal length, for every gateway alike.
CREATE OR REPLACE TEMP TABLE windows AS
SELECT
  NULL::VARCHAR AS gateway,
  NULL::VARCHAR AS version,
  getvariable('since') AS since,
  getvariable('until') AS until,
  getvariable('earlier') AS earlier;
