"""What moderators decide: their server's rules and keys, its jobs, and what was reported."""
