-- What a job has cost, apart from what was reserved for it.

-- In millionths of a US dollar; null while the job is under way, and where it isn't known.
ALTER TABLE jobs ADD COLUMN spent_micros INTEGER CHECK (spent_micros >= 0);

-- Until now, what a job had cost took the place of what was reserved, where the provider said it.
UPDATE jobs SET spent_micros = CASE WHEN counted_at IS NULL THEN 0 ELSE micros END
WHERE ended_at IS NOT NULL
  AND (counted_at IS NULL OR (cost_usd IS NOT NULL AND abs(CAST(cost_usd AS REAL) * 1000000 - micros) <= 1));
