-- Which life of a process works on which job. One whose owner isn't alive any more belongs to whoever takes it.
CREATE TABLE workers (
  id          INTEGER PRIMARY KEY, -- drawn by lot for each life, so that it is never another's
  alive_until REAL NOT NULL        -- by the database's clock
) STRICT;

ALTER TABLE jobs ADD COLUMN owner INTEGER;
ALTER TABLE jobs ADD COLUMN send_before REAL; -- when its announced request leaves no more; null: with its sender's life

CREATE INDEX jobs_to_do ON jobs (owner) WHERE closed_at IS NULL OR card_due = 1;
