-- The view `analytics` over the bucket, for a DuckDB of your own (1.4 or later), with the credentials in the environment:
--
--   duckdb -init s3.sql
--   FROM analytics LIMIT 5;
--
-- Put the id of your account into ENDPOINT, and your bucket into root, if it is called otherwise.
INSTALL httpfs;
INSTALL aws;
LOAD httpfs;
LOAD aws;
CREATE OR REPLACE SECRET lake (
  TYPE s3, PROVIDER credential_chain, CHAIN 'env', REGION 'auto',
  ENDPOINT '<account id>.r2.cloudflarestorage.com', URL_STYLE 'path'
);

SET VARIABLE root = 's3://my-analytics/analytics';
.read analytics.sql
