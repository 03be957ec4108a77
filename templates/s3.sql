-- The view `analytics` over the bucket, for a DuckDB of your own (1.4 or later), with the credentials in the environment:
--
--   duckdb -init s3.sql
--   FROM analytics LIMIT 5;
--
-- Bucket, region and endpoint are those of analytics.config.ts. For another store than AWS, say where it is: add
-- ENDPOINT 'its.host.name', URL_STYLE 'path' to the secret.
INSTALL httpfs;
INSTALL aws;
LOAD httpfs;
LOAD aws;
CREATE OR REPLACE SECRET lake (TYPE s3, PROVIDER credential_chain, CHAIN 'env', REGION 'us-east-1');

SET VARIABLE root = 's3://my-analytics/analytics';
.read analytics.sql
