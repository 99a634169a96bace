-- Who has reported which result, also after a decision: nobody reports one twice, and reports of one member are limited.
CREATE TABLE reporters (
  guild_id    INTEGER NOT NULL,
  job_id      INTEGER NOT NULL,
  member_id   INTEGER NOT NULL,
  reported_at REAL NOT NULL,
  hidden      INTEGER NOT NULL CHECK (hidden IN (0, 1)),
  PRIMARY KEY (guild_id, job_id, member_id),
  FOREIGN KEY (guild_id, job_id) REFERENCES jobs (guild_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX reporters_by_member ON reporters (guild_id, member_id, reported_at);

INSERT INTO reporters (guild_id, job_id, member_id, reported_at, hidden)
SELECT guild_id, job_id, reported_by, reported_at, hidden FROM reports WHERE reported_by <> 0;
