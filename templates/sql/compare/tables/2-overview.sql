-- All requests
SELECT what, value_of(what, before) AS before, value_of(what, now) AS now, change_of(what, before, now) AS change
FROM changes
WHERE route IS NULL;
