"""What the bot serves over HTTP: how it is, and where Discord brings what people do."""
