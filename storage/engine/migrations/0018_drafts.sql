-- What people have asked for and not yet said yes to, the newest of each. Which of them were asked to change a file, and
-- what was seen of the files, stands in `draft`, as the bot writes it.
CREATE TABLE drafts (
  member_id      INTEGER PRIMARY KEY,
  guild_id       INTEGER NOT NULL,
  interaction_id INTEGER NOT NULL,
  draft          TEXT NOT NULL,
  kept_at        REAL NOT NULL
) STRICT;

CREATE INDEX drafts_by_age ON drafts (kept_at);
