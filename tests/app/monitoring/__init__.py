"""What the bot tells of itself."""
