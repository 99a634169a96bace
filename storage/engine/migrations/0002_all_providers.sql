-- Several keys per server, in the server's order; a key that was replaced or removed stays while a job needs it.

ALTER TABLE guilds ADD COLUMN choosing TEXT NOT NULL DEFAULT 'order' CHECK (choosing IN ('order', 'cheapest'));

CREATE TABLE new_keys (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  guild_id   INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
  provider   TEXT NOT NULL,
  place      INTEGER NOT NULL,   -- in the server's order; lower is tried earlier
  master_id  TEXT NOT NULL,
  sealed     BLOB NOT NULL,      -- bound to guild, provider and master key: a row can't be moved
  hint       TEXT NOT NULL CHECK (length(hint) <= 4),
  added_by   INTEGER NOT NULL,
  added_at   REAL NOT NULL,
  off_reason TEXT,               -- why it is switched off, as the code of a provider fault
  off_at     REAL,
  told_at    REAL,               -- when the moderators were told of it
  retired_at REAL,
  CHECK ((off_reason IS NULL) = (off_at IS NULL)),
  CHECK (told_at IS NULL OR off_at IS NOT NULL)
) STRICT;

INSERT INTO new_keys (guild_id, provider, place, master_id, sealed, hint, added_by, added_at)
SELECT guild_id, provider, row_number() OVER (PARTITION BY guild_id ORDER BY added_at, provider),
       master_id, sealed, hint, added_by, added_at
FROM keys;

DROP TABLE keys;
ALTER TABLE new_keys RENAME TO keys;
CREATE UNIQUE INDEX keys_current ON keys (guild_id, provider) WHERE retired_at IS NULL;

-- The key that sends and pays; null before the first sending, and where the provider wants none.
ALTER TABLE jobs ADD COLUMN key_id INTEGER;
-- What else may be tried on proof that the provider didn't take the job: a JSON list of providers and requests.
ALTER TABLE jobs ADD COLUMN fallbacks TEXT NOT NULL DEFAULT '[]';

UPDATE jobs
SET key_id = (SELECT id FROM keys WHERE keys.guild_id = jobs.guild_id AND keys.provider = jobs.provider)
WHERE closed_at IS NULL;
UPDATE jobs SET request = json_set(request, '$.flow', json_extract(request, '$.mode'));

CREATE INDEX jobs_by_key ON jobs (guild_id, key_id, created_at);
