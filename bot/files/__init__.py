"""What lies on the bot's own disk: a folder for each job, and the files that come in."""
