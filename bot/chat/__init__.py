"""What is posted to Discord and read from it. Beside the client and the cogs, nothing else imports discord."""
