"""A database behind plain stores: what the bot remembers."""
