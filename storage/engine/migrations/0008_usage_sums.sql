-- What counts against limits is added up from indexes alone, whatever else a row holds.

DROP INDEX jobs_counted;
CREATE INDEX jobs_counted ON jobs (guild_id, counted_at, milliseconds, micros) WHERE counted_at IS NOT NULL;
CREATE INDEX jobs_counted_by_member ON jobs (guild_id, member_id, counted_at, milliseconds, micros, refunded_at)
  WHERE counted_at IS NOT NULL;
CREATE INDEX jobs_under_way ON jobs (guild_id, member_id) WHERE ended_at IS NULL;

-- The same for whole servers, by the hour since 1970: what months hold is not added up for every video.
CREATE TABLE usage_hours (
  guild_id     INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
  hour         INTEGER NOT NULL,
  jobs         INTEGER NOT NULL,
  milliseconds INTEGER NOT NULL,
  micros       INTEGER NOT NULL,
  PRIMARY KEY (guild_id, hour)
) STRICT;

INSERT INTO usage_hours (guild_id, hour, jobs, milliseconds, micros)
SELECT guild_id, CAST(floor(counted_at / 3600) AS INTEGER), count(*), sum(milliseconds), sum(micros) FROM jobs
WHERE counted_at IS NOT NULL GROUP BY 1, 2;
