"""The container image: what is copied into it, what it says of that, and how it asks the bot for its health."""
