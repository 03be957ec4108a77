-- The rows that are in the lake, by hour. Hashing them reads every value, so that a damaged page is found too.
CREATE OR REPLACE TABLE counted AS
SELECT strftime(timestamp, '%Y%m%d%H') AS hour, count(*) AS "rows", bit_xor(hash(analytics)) AS read
FROM analytics
GROUP BY hour;

-- What there is more or fewer of than the marks say: by hour where a replay changed it, by partition (2026/01/31) where
-- retention removed it.
CREATE OR REPLACE TABLE adjusted AS
SELECT pair ->> 0 AS hour, (pair ->> 1)::BIGINT AS "rows"
FROM (SELECT unnest(from_json(getvariable('adjusted'), '["JSON"]')) AS pair);
