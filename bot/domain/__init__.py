"""What the rest of the bot talks about, as plain data: asks, requests, flows, voices, edits, costs. It does no I/O."""
