-- A job in line may end as unknown: what an earlier stage has made, and was paid for, can't be had.

CREATE TABLE new_job_events (
  guild_id   INTEGER NOT NULL,
  job_id     INTEGER NOT NULL,
  at         REAL NOT NULL,
  from_state TEXT NOT NULL,
  to_state   TEXT NOT NULL,
  stage      TEXT NOT NULL,
  note       TEXT NOT NULL DEFAULT '',
  FOREIGN KEY (guild_id, job_id) REFERENCES jobs (guild_id, id) ON DELETE CASCADE,
  CHECK (from_state || '>' || to_state IN (
    'none>held', 'none>queued',
    'held>queued', 'held>failed', 'held>cancelled',
    'queued>submitting', 'queued>failed', 'queued>cancelled', 'queued>unknown',
    'submitting>running', 'submitting>queued', 'submitting>succeeded', 'submitting>failed', 'submitting>unknown',
    'running>queued', 'running>succeeded', 'running>failed', 'running>cancelled', 'running>unknown'
  ))
) STRICT;

INSERT INTO new_job_events (guild_id, job_id, at, from_state, to_state, stage, note)
SELECT guild_id, job_id, at, from_state, to_state, stage, note FROM job_events ORDER BY rowid;

DROP TABLE job_events;
ALTER TABLE new_job_events RENAME TO job_events;
CREATE INDEX job_events_by_job ON job_events (guild_id, job_id);
