"""What a server has decided and what it has used up: its keys, limits and access, and its log."""
