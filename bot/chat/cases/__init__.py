"""Telling moderators what they have to decide, and bringing the cards up to date once it is decided."""
