-- serves: 20
-- The newest schema that a life knows: while it lasts, one that doesn't serve it isn't begun. Null: it was not asked.
ALTER TABLE workers ADD COLUMN knows INTEGER;
