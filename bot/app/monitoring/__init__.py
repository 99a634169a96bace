"""What the bot tells of itself at work: a line of the log for every move of a job, and metrics for Prometheus."""
