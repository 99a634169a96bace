-- What people have begun and not finished: what they asked for and must say yes to, and the forms that they have open.
-- `about` is what there is to know of it, as the bot writes it.
CREATE TABLE unfinished (
  interaction_id INTEGER PRIMARY KEY,
  kind           TEXT NOT NULL CHECK (kind IN ('draft', 'form')),
  guild_id       INTEGER NOT NULL,
  member_id      INTEGER NOT NULL,
  about          TEXT NOT NULL,
  begun_at       REAL NOT NULL
) STRICT;

CREATE INDEX unfinished_by_age ON unfinished (begun_at);
CREATE INDEX unfinished_by_member ON unfinished (member_id);
