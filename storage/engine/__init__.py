"""The database itself: its engines, its migrations, backups, and the encryption of keys."""
