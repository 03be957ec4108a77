-- lines + extra = entries + foreign + rejected; entries = rows + dropped; rows + replayed + removed = in lake.
SELECT
  count(*) AS sources,
  coalesce(sum(counts.lines), 0) AS lines,
  coalesce(sum(counts.extra), 0) AS extra,
  coalesce(sum(counts.entries), 0) AS entries,
  coalesce(sum(counts.foreign), 0) AS "foreign",
  coalesce(sum(list_sum(map_values(counts.rejected))), 0) AS rejected,
  coalesce(sum(counts.dropped), 0) AS dropped,
  coalesce(sum(counts.rows), 0) AS "rows",
  (SELECT coalesce(sum("rows"), 0) FROM adjusted WHERE NOT contains(hour, '/')) AS replayed,
  (SELECT coalesce(sum("rows"), 0) FROM adjusted WHERE contains(hour, '/')) AS removed,
  (SELECT coalesce(sum("rows"), 0) FROM counted) AS in_lake
FROM marks;
