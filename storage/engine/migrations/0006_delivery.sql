-- Videos that are kept to be fetched, where outcomes were posted, and who agreed to direct messages.

ALTER TABLE jobs ADD COLUMN kept_until REAL;          -- the whole video can be fetched until then; null where it is not kept
ALTER TABLE jobs ADD COLUMN reply_channel_id INTEGER; -- where `reply_id` is, which may be a direct message
ALTER TABLE jobs ADD COLUMN parent_id INTEGER;        -- the channel of the public thread in which it was asked for

-- Kept until now without a way to fetch them: there is one from now on.
UPDATE jobs SET failure = 'kept', kept_until = coalesce(closed_at, delivering_at, ended_at) + 7 * 86400
WHERE failure = 'result_too_large';

-- Who wants finished videos by direct message when they can't be posted where they were asked for.
CREATE TABLE direct_messages (
  member_id INTEGER PRIMARY KEY,
  agreed_at REAL NOT NULL
) STRICT;
