-- The rows that are in the lake, by hour. Hashing them reads every value, so that a damaged page is found too.
CREATE OR REPLACE TABLE counted AS
SELECT strftime(timestamp, '%Y%m%d%H') AS hour, count(*) AS "rows", bit_xor(hash(analytics)) AS read
FROM analytics
GROUP BY hour;
