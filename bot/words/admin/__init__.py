"""What moderators read: the answers to `/lipsync-admin`, and what they are told by themselves."""
