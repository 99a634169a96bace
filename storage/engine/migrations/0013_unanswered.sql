-- Commands, buttons and forms that wait for their answer: the next start gives it if the bot dies before.
CREATE TABLE unanswered (
  interaction_id INTEGER PRIMARY KEY,
  guild_id       INTEGER NOT NULL,
  member_id      INTEGER NOT NULL,
  ask_id         INTEGER NOT NULL,  -- the interaction with which a video was asked for; else its own
  matter         TEXT NOT NULL,     -- what it is about, which decides what is answered
  asked_at       REAL NOT NULL,
  master_id      TEXT NOT NULL,
  sealed         BLOB NOT NULL      -- Discord's token for the answer, which works for 15 minutes
) STRICT;
