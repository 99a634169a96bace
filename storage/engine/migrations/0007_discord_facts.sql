-- What a job's steps and the log need to know of Discord: told with the command, or when the server was last seen.

-- The largest file that the bot can post where it was asked for; 10 MiB without 64 KiB for the rest of the post, which
-- every server takes. And whether a thread can be opened there: where not, Discord refuses and the job stays in place.
ALTER TABLE jobs ADD COLUMN file_bytes INTEGER NOT NULL DEFAULT 10420224 CHECK (file_bytes > 0);
ALTER TABLE jobs ADD COLUMN opens_thread INTEGER NOT NULL DEFAULT 1 CHECK (opens_thread IN (0, 1));

ALTER TABLE guilds ADD COLUMN name TEXT;                  -- null until Discord has told of the server
ALTER TABLE guilds ADD COLUMN notices_channel_id INTEGER; -- where Discord sends its own notices for moderators
