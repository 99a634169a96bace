-- Set on open jobs when the bot starts on a backup: what became of them since is known outside only.
ALTER TABLE jobs ADD COLUMN restored INTEGER NOT NULL DEFAULT 0 CHECK (restored IN (0, 1));
