"""What Discord tells of a server: which words it refuses, and what the bot may do in its channels."""
