-- What was read from each source, and what became of it.
CREATE OR REPLACE TABLE marks AS
SELECT unnest(from_json(getvariable('marks'), '[{
  "sourceName": "VARCHAR", "path": "VARCHAR", "offset": "BIGINT",
  "counts": {
    "lines": "BIGINT", "extra": "BIGINT", "entries": "BIGINT", "foreign": "BIGINT",
    "rejected": "MAP(VARCHAR, BIGINT)", "dropped": "BIGINT", "rows": "BIGINT"
  },
  "fragments": [{"name": "VARCHAR", "rows": "BIGINT"}]
}]'), max_depth := 2);
