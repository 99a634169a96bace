"""The files of jobs: a folder for each on the bot's own disk, the bucket behind it, and the files that come in."""
