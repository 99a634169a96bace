-- What a job counts against limits, jobs that wait for a moderator, and what moderators decide.
-- Amounts are whole numbers (jobs, milliseconds, millionths of a US dollar), so that sums are exact.

CREATE TABLE new_jobs (
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

  state          TEXT NOT NULL CHECK (
                   state IN ('held', 'queued', 'submitting', 'running', 'succeeded', 'failed', 'cancelled', 'unknown')),
  stage          TEXT NOT NULL,
  handle         TEXT,           -- our id for the stage being sent, stored before the request leaves
  remote         TEXT,           -- the provider's id for the stage that runs
  submitted_at   REAL,
  yields         TEXT NOT NULL DEFAULT '{}',
  failure        TEXT,
  detail         TEXT,
  cost_usd       TEXT,           -- decimal; null while the provider has not said

  -- what it counts: from `counted_at` on, and nothing while that is null
  counted_at     REAL,
  milliseconds   INTEGER NOT NULL DEFAULT 0 CHECK (milliseconds >= 0),
  micros         INTEGER NOT NULL DEFAULT 0 CHECK (micros >= 0), -- of US dollars: foreseen at first, at the end what it was
  refunded_at    REAL,           -- given back to the member; the server's own limits go on counting it
  settled_at     REAL,           -- when a moderator said whether an unknown outcome was charged

  -- the outbox: set before the outcome is posted, and after
  ended_at       REAL,
  delivering_at  REAL,
  reply_id       INTEGER,
  closed_at      REAL,

  key_id         INTEGER,        -- the key that sends and pays; null before the first sending
  fallbacks      TEXT NOT NULL DEFAULT '[]', -- what else may be tried: a JSON list of providers, requests and prices
  role_ids       TEXT NOT NULL DEFAULT '[]', -- the member's roles when they asked: they decide what binds a held job
  video_digest   TEXT,           -- SHA-256 of the clip and of the recording: what was removed can't be used again
  audio_digest   TEXT,
  forgotten_at   REAL,           -- when everything about the person was taken out of the row
  restored       INTEGER NOT NULL DEFAULT 0 CHECK (restored IN (0, 1)),

  UNIQUE (guild_id, id),
  CHECK (state NOT IN ('submitting', 'running') OR handle IS NOT NULL),
  CHECK (state <> 'running' OR remote IS NOT NULL),
  CHECK ((state IN ('succeeded', 'failed', 'cancelled', 'unknown')) = (ended_at IS NOT NULL)),
  CHECK (state NOT IN ('failed', 'cancelled', 'unknown') OR failure IS NOT NULL),
  CHECK (state <> 'held' OR counted_at IS NULL),
  CHECK (state NOT IN ('queued', 'submitting', 'running') OR counted_at IS NOT NULL),
  CHECK (delivering_at IS NULL OR ended_at IS NOT NULL),
  CHECK (closed_at IS NULL OR ended_at IS NOT NULL)
) STRICT;

INSERT INTO new_jobs (
  id, guild_id, interaction_id, member_id, provider, request, created_at, deadline_at, channel_id, card_id, thread_id,
  state, stage, handle, remote, submitted_at, yields, failure, detail, cost_usd, counted_at, milliseconds, micros,
  ended_at, delivering_at, reply_id, closed_at, key_id, fallbacks, forgotten_at, restored)
SELECT
  id, guild_id, interaction_id, member_id, provider, request, created_at, deadline_at, channel_id, card_id, thread_id,
  state, stage, handle, remote, submitted_at, yields, failure, detail, cost_usd,
  CASE WHEN state NOT IN ('failed', 'cancelled') OR CAST(cost_usd AS REAL) > 0 THEN created_at END,
  CAST(round(coalesce(json_extract(request, '$.video.seconds'), 0) * 1000) AS INTEGER),
  CAST(round(coalesce(CAST(cost_usd AS REAL), 0) * 1000000) AS INTEGER),
  ended_at, delivering_at, reply_id, closed_at, key_id, fallbacks, forgotten_at, restored
FROM jobs;

CREATE TABLE new_job_events (
  guild_id   INTEGER NOT NULL,
  job_id     INTEGER NOT NULL,
  at         REAL NOT NULL,
  from_state TEXT NOT NULL,
  to_state   TEXT NOT NULL,
  stage      TEXT NOT NULL,
  note       TEXT NOT NULL DEFAULT '',
  FOREIGN KEY (guild_id, job_id) REFERENCES new_jobs (guild_id, id) ON DELETE CASCADE,
  CHECK (from_state || '>' || to_state IN (
    'none>held', 'none>queued',
    'held>queued', 'held>failed', 'held>cancelled',
    'queued>submitting', 'queued>failed', 'queued>cancelled',
    'submitting>running', 'submitting>queued', 'submitting>succeeded', 'submitting>failed', 'submitting>unknown',
    'running>queued', 'running>succeeded', 'running>failed', 'running>cancelled', 'running>unknown'
  ))
) STRICT;

INSERT INTO new_job_events SELECT guild_id, job_id, at, from_state, to_state, stage, note FROM job_events;

DELETE FROM sqlite_sequence WHERE name = 'new_jobs';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_jobs', seq FROM sqlite_sequence WHERE name = 'jobs';
DROP TABLE job_events;
DROP TABLE jobs;
ALTER TABLE new_jobs RENAME TO jobs;
ALTER TABLE new_job_events RENAME TO job_events;

CREATE INDEX jobs_open ON jobs (id) WHERE closed_at IS NULL;
CREATE INDEX jobs_by_key ON jobs (guild_id, key_id, created_at);
CREATE INDEX jobs_by_member ON jobs (member_id, guild_id);
CREATE INDEX jobs_counted ON jobs (guild_id, counted_at, member_id);
CREATE INDEX job_events_by_job ON job_events (guild_id, job_id);

-- The one place that says what counts.
CREATE VIEW usage AS
SELECT id AS job_id, guild_id, member_id, counted_at AS at, refunded_at IS NULL AS counts_for_member,
       1 AS jobs, milliseconds, micros
FROM jobs WHERE counted_at IS NOT NULL;

-- Limits. `most` is in the unit; `active` limits what is under way at once and has no window.
CREATE TABLE rules (
  guild_id   INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
  subject    TEXT NOT NULL CHECK (subject IN ('everyone', 'role', 'member', 'server')),
  subject_id INTEGER NOT NULL,  -- of the role or the member, else 0
  unit       TEXT NOT NULL CHECK (unit IN ('jobs', 'seconds', 'cents', 'active')),
  window     TEXT NOT NULL CHECK (window IN ('hour', 'day', 'week', 'month', 'now')),
  most       INTEGER NOT NULL CHECK (most >= 0),
  PRIMARY KEY (guild_id, subject, subject_id, unit, window),
  CHECK ((unit = 'active') = (window = 'now')),
  CHECK ((subject IN ('role', 'member')) = (subject_id <> 0))
) STRICT;

-- Something on top of the limits, for each member it is given to, until it is used up or over.
CREATE TABLE grants (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id   INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
  subject    TEXT NOT NULL CHECK (subject IN ('everyone', 'role', 'member')),
  subject_id INTEGER NOT NULL,
  unit       TEXT NOT NULL CHECK (unit IN ('jobs', 'seconds', 'cents')),
  amount     INTEGER NOT NULL CHECK (amount > 0),
  reason     TEXT NOT NULL,
  given_by   INTEGER NOT NULL,
  given_at   REAL NOT NULL,
  until_at   REAL NOT NULL
) STRICT;

CREATE INDEX grants_by_guild ON grants (guild_id, until_at);

-- A job that a grant carries doesn't count against its member's limits in the grant's unit.
CREATE TABLE job_grants (
  guild_id INTEGER NOT NULL,
  job_id   INTEGER NOT NULL,
  grant_id INTEGER NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  PRIMARY KEY (job_id, grant_id),
  FOREIGN KEY (guild_id, job_id) REFERENCES jobs (guild_id, id) ON DELETE CASCADE
) STRICT;

-- Which share of a server's limit its moderators were last told of.
CREATE TABLE alerts (
  guild_id INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
  unit     TEXT NOT NULL,
  window   TEXT NOT NULL,
  percent  INTEGER NOT NULL,
  at       REAL NOT NULL,
  PRIMARY KEY (guild_id, unit, window, percent)
) STRICT;

ALTER TABLE guilds ADD COLUMN log_channel_id INTEGER;
ALTER TABLE guilds ADD COLUMN approval TEXT NOT NULL DEFAULT 'off'
  CHECK (approval IN ('off', 'first', 'above', 'always'));
ALTER TABLE guilds ADD COLUMN approval_cents INTEGER NOT NULL DEFAULT 0 CHECK (approval_cents >= 0);
ALTER TABLE guilds ADD COLUMN account_days INTEGER NOT NULL DEFAULT 0 CHECK (account_days >= 0);
ALTER TABLE guilds ADD COLUMN member_days INTEGER NOT NULL DEFAULT 0 CHECK (member_days >= 0);

-- Channels and roles to which the bot is open; where a kind has no row, it is open to all of that kind.
CREATE TABLE allowed (
  guild_id   INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
  kind       TEXT NOT NULL CHECK (kind IN ('channel', 'role')),
  subject_id INTEGER NOT NULL,
  PRIMARY KEY (guild_id, kind, subject_id)
) STRICT;

CREATE TABLE blocks (
  guild_id   INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
  member_id  INTEGER NOT NULL,
  reason     TEXT NOT NULL,
  blocked_by INTEGER NOT NULL,
  blocked_at REAL NOT NULL,
  PRIMARY KEY (guild_id, member_id)
) STRICT;

-- Who has confirmed, and when, that they may use the likeness of the people in their clips.
CREATE TABLE attestations (
  member_id   INTEGER NOT NULL,
  version     INTEGER NOT NULL,
  attested_at REAL NOT NULL,
  PRIMARY KEY (member_id, version)
) STRICT;

-- A result that somebody reported; `decision` is null until a moderator has looked.
CREATE TABLE reports (
  guild_id    INTEGER NOT NULL,
  job_id      INTEGER NOT NULL,
  reported_by INTEGER NOT NULL,
  reported_at REAL NOT NULL,
  channel_id  INTEGER NOT NULL,  -- where the reported message is: the job may be forgotten by then
  message_id  INTEGER NOT NULL,
  hidden      INTEGER NOT NULL CHECK (hidden IN (0, 1)),
  decision    TEXT CHECK (decision IN ('restored', 'removed')),
  decided_by  INTEGER,
  decided_at  REAL,
  PRIMARY KEY (guild_id, job_id),
  FOREIGN KEY (guild_id, job_id) REFERENCES jobs (guild_id, id) ON DELETE CASCADE
) STRICT;

-- Files that were removed on a report and can't be used again.
CREATE TABLE removed_files (
  guild_id   INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
  digest     TEXT NOT NULL,
  removed_at REAL NOT NULL,
  PRIMARY KEY (guild_id, digest)
) STRICT;

-- The outbox of the log channel; a row goes once its card is posted.
CREATE TABLE log_entries (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
  at       REAL NOT NULL,
  kind     TEXT NOT NULL,
  actor_id INTEGER,             -- who did it; null for the bot itself
  job_id   INTEGER,
  facts    TEXT NOT NULL
) STRICT;
