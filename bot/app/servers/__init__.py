"""Which servers the bot is in, and which of them this process hears of."""
