-- Whether a provider charges for a job, as it was known when it ended: said once, and read from here ever after.

ALTER TABLE jobs ADD COLUMN charge TEXT CHECK (charge IN ('free', 'paid', 'unclear')); -- null while it is under way
-- Stages are done whose cost the provider has not named: `cost_usd` is the least that they have cost.
ALTER TABLE jobs ADD COLUMN has_unnamed_costs INTEGER NOT NULL DEFAULT 0 CHECK (has_unnamed_costs IN (0, 1));

UPDATE jobs SET charge = CASE
  WHEN counted_at IS NULL OR spent_micros = 0 THEN 'free'
  WHEN state = 'unknown' AND settled_at IS NULL THEN 'unclear'
  WHEN state = 'succeeded' OR state = 'unknown' OR CAST(cost_usd AS REAL) > 0 THEN 'paid'
  WHEN state = 'cancelled' AND failure <> 'cancelled_by_provider' AND restored = 0 THEN 'paid'
  ELSE 'unclear'
END
WHERE ended_at IS NOT NULL;

-- Of a job under way it is not known which of its stages named a cost.
UPDATE jobs SET has_unnamed_costs = 1 WHERE ended_at IS NULL AND cost_usd IS NOT NULL;
