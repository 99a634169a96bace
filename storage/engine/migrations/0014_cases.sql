-- What moderators have to decide, who was told of it, and the cards that say so.

CREATE INDEX jobs_held ON jobs (guild_id) WHERE state = 'held';
CREATE INDEX jobs_unsettled ON jobs (guild_id) WHERE state = 'unknown' AND settled_at IS NULL;
CREATE INDEX reports_undecided ON reports (guild_id) WHERE decision IS NULL;
CREATE INDEX keys_off ON keys (guild_id) WHERE off_at IS NOT NULL AND retired_at IS NULL;

-- The one place that says what is to be decided. `subject_id` is of a job, for `key_off` of a key.
CREATE VIEW undecided AS
SELECT guild_id, 'reported' AS kind, job_id AS subject_id, reported_at AS since FROM reports WHERE decision IS NULL
UNION ALL
SELECT guild_id, 'held', id, created_at FROM jobs WHERE state = 'held'
UNION ALL
SELECT guild_id, 'unknown', id, ended_at FROM jobs WHERE state = 'unknown' AND settled_at IS NULL
UNION ALL
SELECT guild_id, 'key_off', id, off_at FROM keys WHERE off_at IS NOT NULL AND retired_at IS NULL;

-- A row is written when somebody was told, and goes once the decision stands on every card.
CREATE TABLE cases (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id   INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
  kind       TEXT NOT NULL CHECK (kind IN ('reported', 'held', 'unknown', 'key_off')),
  subject_id INTEGER NOT NULL,
  since      REAL NOT NULL,
  told       TEXT CHECK (told IN ('log', 'notices', 'person', 'moderator', 'nobody')), -- null: to be told, from the top
  facts      TEXT NOT NULL DEFAULT '{}', -- what a card says of a key, which may be gone when it is decided
  decided_by INTEGER,
  UNIQUE (guild_id, kind, subject_id, since)
) STRICT;

CREATE TABLE case_cards (
  guild_id   INTEGER NOT NULL,
  case_id    INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
  channel_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  is_direct  INTEGER NOT NULL CHECK (is_direct IN (0, 1)),
  PRIMARY KEY (case_id, channel_id, message_id)
) STRICT;

-- Whoever saved the server's first key, or first opened its setup; null where nobody is known, or no more.
ALTER TABLE guilds ADD COLUMN set_up_by INTEGER;

UPDATE guilds SET set_up_by = (
  SELECT added_by FROM keys WHERE keys.guild_id = guilds.id AND added_by <> 0 ORDER BY added_at, id LIMIT 1);

-- What an earlier version has told is not told again; of unknown outcomes there may be many old ones.
INSERT INTO cases (guild_id, kind, subject_id, since, told)
SELECT guild_id, kind, subject_id, since, told FROM (
  SELECT undecided.guild_id, undecided.kind, subject_id, since, CASE
    WHEN undecided.kind = 'key_off'
      THEN (SELECT 'person' FROM keys WHERE keys.id = subject_id AND told_at IS NOT NULL)
    WHEN EXISTS (SELECT 1 FROM log_entries WHERE log_entries.guild_id = undecided.guild_id
                   AND log_entries.kind = undecided.kind AND job_id = subject_id) THEN NULL
    WHEN log_channel_id IS NOT NULL THEN 'log'
    WHEN undecided.kind = 'unknown' THEN 'nobody'
    WHEN notices_channel_id IS NOT NULL THEN 'notices'
  END AS told FROM undecided JOIN guilds ON guilds.id = undecided.guild_id) AS known
WHERE told IS NOT NULL;

DELETE FROM log_entries WHERE kind IN ('reported', 'held', 'unknown', 'key_off');
