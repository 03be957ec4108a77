-- How the report shows numbers to people. With --json they stay as they are: raw.sql has the same names.
CREATE OR REPLACE TEMP MACRO short(x) AS if(abs(x) < 9.95, printf('%.1f', x::DOUBLE), format('{:,}', round(x)::BIGINT));

CREATE OR REPLACE TEMP MACRO ms(x) AS CASE
  WHEN x < 1e3 THEN short(x) || ' ms'
  WHEN x < 6e4 THEN short(x / 1e3) || ' s'
  ELSE short(x / 6e4) || ' min'
END;

CREATE OR REPLACE TEMP MACRO bytes(x) AS CASE
  WHEN x < 1e3 THEN x || ' B'
  WHEN x < 1e6 THEN short(x / 1e3) || ' kB'
  WHEN x < 1e9 THEN short(x / 1e6) || ' MB'
  WHEN x < 1e12 THEN short(x / 1e9) || ' GB'
  ELSE short(x / 1e12) || ' TB'
END;

CREATE OR REPLACE TEMP MACRO percent(part, whole) AS CASE
  WHEN coalesce(whole, 0) = 0 THEN NULL
  WHEN part = 0 THEN '0 %'
  WHEN part < whole / 2000 THEN '<0.1 %'
  ELSE short(100 * part / whole) || ' %'
END;

CREATE OR REPLACE TEMP MACRO since_seconds(seconds) AS CASE
  WHEN seconds < 60 THEN round(seconds)::BIGINT || ' s ago'
  WHEN seconds < 36e2 THEN round(seconds / 60)::BIGINT || ' min ago'
  WHEN seconds < 864e2 THEN short(seconds / 36e2) || ' h ago'
  ELSE short(seconds / 864e2) || ' d ago'
END;
CREATE OR REPLACE TEMP MACRO ago(moment) AS since_seconds(epoch(now() AT TIME ZONE 'UTC' - moment));

-- Of a comparison.
CREATE OR REPLACE TEMP MACRO value_of(what, x) AS CASE what
  WHEN 'requests' THEN format('{:,}', x::BIGINT)
  WHEN 'p95' THEN ms(x)
  WHEN 'bytes' THEN bytes(round(x)::BIGINT)
  ELSE percent(x, 1.0)
END;

CREATE OR REPLACE TEMP MACRO change_of(what, before, now) AS CASE
  WHEN now = before THEN '='
  WHEN what IN ('4xx', '5xx') THEN printf('%+.1f points', 100 * (now - before))
  WHEN before = 0 THEN 'new'
  WHEN now = 0 THEN 'gone'
  WHEN now >= 2 * before THEN '×' || short(now / before)
  ELSE printf('%+.0f %%', 100 * (now / before - 1))
END;
