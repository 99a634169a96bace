"""What moderators read above and below a list of jobs; the jobs themselves are told by `bot/words/job_details.py`."""

from __future__ import annotations

NOTHING_FOUND = "No videos here."
NOTHING_TO_SETTLE = "Nothing to settle: every outcome is known."
