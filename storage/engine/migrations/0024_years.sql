-- serves: 22
-- What is asked for of all jobs there ever were is found, and added up, in indexes alone.
DROP INDEX jobs_by_member;
CREATE INDEX jobs_by_member ON jobs (member_id, guild_id, id);
CREATE INDEX jobs_by_state ON jobs (guild_id, state, id);
CREATE INDEX jobs_by_provider ON jobs (guild_id, provider, id);
CREATE INDEX jobs_by_month ON jobs (guild_id, created_at, member_id, provider, state, failure, counted_at,
                                    milliseconds, micros, spent_micros, charge);
CREATE INDEX jobs_closed ON jobs (guild_id, closed_at) WHERE forgotten_at IS NULL;
DROP INDEX jobs_kept;
CREATE INDEX jobs_kept ON jobs (guild_id, kept_until) WHERE kept_until IS NOT NULL;
DROP INDEX jobs_unsettled;
CREATE INDEX jobs_unsettled ON jobs (guild_id, id) WHERE state = 'unknown' AND settled_at IS NULL;
CREATE INDEX jobs_succeeded ON jobs (guild_id, member_id, state) WHERE state = 'succeeded';
DROP INDEX jobs_under_way;
CREATE INDEX jobs_under_way ON jobs (guild_id, member_id, ended_at) WHERE ended_at IS NULL;
CREATE INDEX usage_hours_by_age ON usage_hours (hour);

-- A case has its row from when it is opened, and says itself whether it is to be told, or decided.
ALTER TABLE cases ADD COLUMN is_open INTEGER NOT NULL DEFAULT 1 CHECK (is_open IN (0, 1));
CREATE INDEX cases_due ON cases (guild_id, since) WHERE told IS NULL OR is_open = 0;
CREATE INDEX cases_open ON cases (guild_id, is_open, told, kind) WHERE is_open = 1;
CREATE INDEX cases_by_decider ON cases (decided_by) WHERE decided_by IS NOT NULL;
