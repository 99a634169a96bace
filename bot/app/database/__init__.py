"""The database that the bot works on, and the keys to what is secret in it."""
