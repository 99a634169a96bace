"""The life of a stored job, from its first step to its last."""
