-- Changed by a fifth or more, for five requests or more, and beyond chance: what got worse first, then by requests
SELECT
  route, what,
  value_of(what, before) AS before, value_of(what, now) AS now, change_of(what, before, now) AS change,
  round(concerned)::BIGINT AS requests,
  if(is_worse, 'worse', '') AS verdict
FROM changes
WHERE counts AND route IS NOT NULL
ORDER BY is_worse DESC, concerned DESC, route, what
LIMIT 20;
