"""Clips and recordings to try the bot with, drawn and spoken at run time."""
