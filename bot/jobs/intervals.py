"""When a job takes its next step, and when it is given up: polls, backoff, lookups, deadlines."""

from __future__ import annotations

import random
from collections import defaultdict, deque

from bot.domain.request import Request

LOOKUP_SECONDS = 20.0  # between two lookups of a lost submission, or of a result that is missing
HELD_BACK_SECONDS = 5.0  # until a request is announced again that it was too late to send
MISSING_PATIENCE = 600.0  # seconds in which a result is looked for that a provider has made and doesn't hand out

CALL_SECONDS = 3600.0
FETCH_PATIENCE = 3600.0  # seconds after the end of a job in which its video is tried to be fetched
DELIVERY_PATIENCE = 24 * 3600.0  # seconds after the end of a job in which its outcome is tried to be posted

SOONEST, LATEST = 2.0, 10.0  # seconds between two polls of one job
SHARE_OF_ELAPSED = 0.06
SHARE_OF_FAST_END = 0.9  # before which nothing is asked
RECENT = 20  # ends that are remembered per kind of job
ENOUGH = 5  # ends before they tell anything
LONGEST_BACKOFF = 60.0
LONGEST_RETRY_AFTER = 900.0


class Intervals:
    """Chooses delays, in seconds. Learns from how long recent jobs of the same kind took."""

    def __init__(self) -> None:
        self._ends: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=RECENT))

    def ended(self, kind: str, seconds: float, *, watched: bool) -> None:
        """Learn that a job of this kind took so long. One that was over when it was first asked about wasn't `watched`:
        it may have ended long before, as while the bot was down. That only tells that no poll was too early.
        """
        if not watched:
            seconds = min(seconds, SHARE_OF_FAST_END * self._fast_end(kind))
        if seconds > 0:
            self._ends[kind].append(seconds)

    def until_next_poll(self, kind: str, elapsed: float) -> float:
        """No poll before nine tenths of a recent fast end, then a share of what has passed."""
        quiet = SHARE_OF_FAST_END * self._fast_end(kind) - elapsed
        delay = max(quiet, min(max(SHARE_OF_ELAPSED * elapsed, SOONEST), LATEST))
        return delay * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing

    def after_fault(self, faults_in_a_row: int, retry_after: float | None = None) -> float:
        """Exponential with full jitter; never sooner than the provider asked for."""
        backoff = random.uniform(0.5, min(LONGEST_BACKOFF, 2.0 ** min(faults_in_a_row, 10)))  # noqa: S311
        return max(backoff, min(retry_after or 0.0, LONGEST_RETRY_AFTER))

    def spread(self, over: float) -> float:
        """A random moment within `over` seconds, so that many jobs resumed at once don't ask at once."""
        return random.uniform(0.0, over)  # noqa: S311

    def _fast_end(self, kind: str) -> float:
        ends = sorted(self._ends.get(kind, ()))
        return ends[len(ends) // 10] if len(ends) >= ENOUGH else 0.0


def deadline(request: Request, begun_at: float) -> float:
    """The moment until which a job may take for this request: an hour for each call, as they are made in turn."""
    return begun_at + CALL_SECONDS * len(request.calls)
