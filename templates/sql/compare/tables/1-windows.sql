-- Compared (UTC)
SELECT
  coalesce(gateway, 'all') AS gateway, version,
  strftime(earlier, '%Y-%m-%d %H:%M') AS "before",
  strftime(since, '%Y-%m-%d %H:%M') AS "now",
  strftime(until, '%Y-%m-%d %H:%M') AS "until"
FROM windows
ORDER BY gateway;
