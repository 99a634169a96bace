"""The database itself: its connection, its migrations, backups, and the encryption of keys."""
