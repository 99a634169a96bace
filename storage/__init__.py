"""SQLite behind plain stores: what the bot remembers."""
