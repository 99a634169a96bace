-- Moments are seconds since 1970 (REAL); ids of Discord fit SQLite's 64-bit integers.

CREATE TABLE guilds (
  id        INTEGER PRIMARY KEY,
  joined_at REAL NOT NULL,
  left_at   REAL
) STRICT;

-- One provider key of one server. `sealed` is bound to guild, provider and master key: a row can't be moved.
CREATE TABLE keys (
  guild_id   INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
  provider   TEXT NOT NULL,
  master_id  TEXT NOT NULL,
  sealed     BLOB NOT NULL,
  hint       TEXT NOT NULL CHECK (length(hint) <= 4),
  added_by   INTEGER NOT NULL,
  added_at   REAL NOT NULL,
  PRIMARY KEY (guild_id, provider)
) STRICT;

CREATE TABLE jobs (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id       INTEGER NOT NULL REFERENCES guilds (id),
  interaction_id INTEGER NOT NULL UNIQUE,
  member_id      INTEGER NOT NULL,
  provider       TEXT NOT NULL,
  request        TEXT NOT NULL,
  created_at     REAL NOT NULL,
  deadline_at    REAL NOT NULL,

  -- where it is shown: the channel it was asked in, the card there, and the thread on the card (if one could be made)
  channel_id     INTEGER NOT NULL,
  card_id        INTEGER,
  thread_id      INTEGER,

  state          TEXT NOT NULL DEFAULT 'queued' CHECK (
                   state IN ('queued', 'submitting', 'running', 'succeeded', 'failed', 'cancelled', 'unknown')),
  stage          TEXT NOT NULL,
  handle         TEXT,           -- our id for the stage being sent, stored before the request leaves
  remote         TEXT,           -- the provider's id for the stage that runs
  submitted_at   REAL,
  yields         TEXT NOT NULL DEFAULT '{}',
  failure        TEXT,
  detail         TEXT,
  cost_usd       TEXT,           -- decimal; null while the provider has not said

  -- the outbox: set before the outcome is posted, and after
  ended_at       REAL,
  delivering_at  REAL,
  reply_id       INTEGER,
  closed_at      REAL,

  UNIQUE (guild_id, id),
  CHECK (state NOT IN ('submitting', 'running') OR handle IS NOT NULL),
  CHECK (state <> 'running' OR remote IS NOT NULL),
  CHECK ((state IN ('succeeded', 'failed', 'cancelled', 'unknown')) = (ended_at IS NOT NULL)),
  CHECK (state NOT IN ('failed', 'cancelled', 'unknown') OR failure IS NOT NULL),
  CHECK (delivering_at IS NULL OR ended_at IS NOT NULL),
  CHECK (closed_at IS NULL OR ended_at IS NOT NULL)
) STRICT;

CREATE INDEX jobs_open ON jobs (id) WHERE closed_at IS NULL;

-- One row per move. The legal moves stand here once more, so that no code can make another.
CREATE TABLE job_events (
  guild_id   INTEGER NOT NULL,
  job_id     INTEGER NOT NULL,
  at         REAL NOT NULL,
  from_state TEXT NOT NULL,
  to_state   TEXT NOT NULL,
  stage      TEXT NOT NULL,
  note       TEXT NOT NULL DEFAULT '',
  FOREIGN KEY (guild_id, job_id) REFERENCES jobs (guild_id, id) ON DELETE CASCADE,
  CHECK (from_state || '>' || to_state IN (
    'none>queued',
    'queued>submitting', 'queued>failed', 'queued>cancelled',
    'submitting>running', 'submitting>queued', 'submitting>succeeded', 'submitting>failed', 'submitting>unknown',
    'running>queued', 'running>succeeded', 'running>failed', 'running>cancelled', 'running>unknown'
  ))
) STRICT;

CREATE INDEX job_events_by_job ON job_events (guild_id, job_id);

-- Single facts about this installation, such as the fingerprint of the commands that Discord knows.
CREATE TABLE facts (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
