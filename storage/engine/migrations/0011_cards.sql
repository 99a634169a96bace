-- A closed job's card is still to show how it ended: set as the job is closed, and cleared once the card shows it.
ALTER TABLE jobs ADD COLUMN card_due INTEGER NOT NULL DEFAULT 0 CHECK (card_due IN (0, 1));

CREATE INDEX jobs_card_due ON jobs (id) WHERE card_due = 1;
