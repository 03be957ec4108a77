-- Rejected lines (the first thousand of each log are kept in _state/rejected)
SELECT rejected.key AS reason, sum(rejected.value) AS lines, count(*) AS logs, max(path) AS "for example"
FROM (SELECT path, unnest(map_entries(counts.rejected)) AS rejected FROM marks)
GROUP BY reason
ORDER BY lines DESC;
