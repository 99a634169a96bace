-- What comes next for the job may take a video's edit, so a process that does such is to take it on.
ALTER TABLE jobs ADD COLUMN for_media INTEGER NOT NULL DEFAULT 0 CHECK (for_media IN (0, 1));
