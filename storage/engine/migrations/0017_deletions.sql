-- Finished videos whose deletion has begun: their message goes first, and what is stored of them when it is gone.
CREATE TABLE deletions (
  guild_id   INTEGER NOT NULL,
  job_id     INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  begun_at   REAL NOT NULL,
  PRIMARY KEY (guild_id, job_id),
  FOREIGN KEY (guild_id, job_id) REFERENCES jobs (guild_id, id) ON DELETE CASCADE
) STRICT;
