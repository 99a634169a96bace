"""From a member's command to a stored job: may they, is there room, which provider can, and what does it cost."""
