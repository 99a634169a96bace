"""Media work on people's files: always in a child process with bounds, never in the bot's own."""
