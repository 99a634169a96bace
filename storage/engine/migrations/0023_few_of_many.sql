-- serves: 22
-- What has to be found without going through every job there ever was.
CREATE INDEX jobs_remembered ON jobs (closed_at) WHERE forgotten_at IS NULL;
CREATE INDEX jobs_half_forgotten ON jobs (counted_at) WHERE forgotten_at IS NOT NULL AND member_id <> 0;
CREATE INDEX jobs_kept ON jobs (kept_until) WHERE kept_until IS NOT NULL;
CREATE INDEX reports_told ON reports (job_id) WHERE decision IS NOT NULL AND message_id <> 0;
CREATE INDEX reports_with_persons ON reports (decided_at) WHERE reported_by <> 0 OR decided_by <> 0 OR message_id <> 0;
CREATE INDEX reporters_by_age ON reporters (reported_at);
CREATE INDEX reporters_by_person ON reporters (member_id, reported_at);
CREATE INDEX reports_by_reporter ON reports (reported_by);
CREATE INDEX reports_by_decider ON reports (decided_by);
-- In the order in which servers take turns.
DROP INDEX jobs_to_do;
CREATE INDEX jobs_to_do ON jobs (guild_id, id, owner) WHERE closed_at IS NULL OR card_due = 1;
