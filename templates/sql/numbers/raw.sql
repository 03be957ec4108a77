-- Numbers for programs: milliseconds, bytes, percent and seconds.
CREATE OR REPLACE TEMP MACRO ms(x) AS x;
CREATE OR REPLACE TEMP MACRO bytes(x) AS x;
CREATE OR REPLACE TEMP MACRO percent(part, whole) AS 100 * part / nullif(whole, 0);
CREATE OR REPLACE TEMP MACRO ago(moment) AS epoch(now() AT TIME ZONE 'UTC' - moment);
