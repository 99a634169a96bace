"""Whether an ask fits a provider, and what would have to be done to its files so that it does; pure functions."""
