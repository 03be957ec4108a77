-- Numbers for programs: milliseconds, bytes, percent and seconds.
CREATE OR REPLACE TEMP MACRO ms(x) AS x;
CREATE OR REPLACE TEMP MACRO bytes(x) AS x;
CREATE OR REPLACE TEMP MACRO percent(part, whole) AS 100 * part / nullif(whole, 0);
CREATE OR REPLACE TEMP MACRO ago(moment) AS epoch(now() AT TIME ZONE 'UTC' - moment);

-- Of a comparison: shares in percent, changes as a factor.
CREATE OR REPLACE TEMP MACRO value_of(what, x) AS if(what IN ('4xx', '5xx'), 100 * x, x);
CREATE OR REPLACE TEMP MACRO change_of(what, before, now) AS now / nullif(before, 0);
