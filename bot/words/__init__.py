"""The sentences that people read, and nothing beside them: what a translator needs to see."""
