"""Looks at everything that the bot needs, beside a running one or without: what is ill, and what mends it."""
