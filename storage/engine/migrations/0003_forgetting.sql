-- People who want to be forgotten while a job of theirs is still open: it is forgotten when it is closed.
CREATE TABLE forget_requests (
  member_id INTEGER PRIMARY KEY,
  asked_at  REAL NOT NULL
) STRICT;

-- When everything about the person was taken out of the row; the server's numbers stay.
ALTER TABLE jobs ADD COLUMN forgotten_at REAL;

CREATE INDEX jobs_by_member ON jobs (member_id, guild_id);
