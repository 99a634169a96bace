"""The only way out to the internet: the client, what keeps it off private addresses, and downloads."""
