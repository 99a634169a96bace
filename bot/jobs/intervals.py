"""When a job takes its next step, and when it is given up: polls, backoff, lookups, deadlines."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Iterable

from bot.domain.request import Request
from bot.jobs.poll_times import PollTimes

LOOKUP_SECONDS = 20.0  # between two lookups of a lost submission, or of a result that is missing
HELD_BACK_SECONDS = 5.0  # until a request is announced again that it was too late to send
MISSING_PATIENCE = 600.0  # seconds in which a result is looked for that a provider has made and doesn't hand out

CALL_SECONDS = 3600.0
FETCH_PATIENCE = 3600.0  # seconds after the end of a job in which its video is tried to be fetched
DELIVERY_PATIENCE = 24 * 3600.0  # seconds after the end of a job in which its outcome is tried to be posted

SOONEST, LATEST = 2.0, 10.0  # seconds between two polls of a job of which nothing is known
SHARE_OF_ELAPSED = 0.06
SHARE_OF_FIRST_POLL = 0.9  # until which a job is taken to have run that was over at its first poll
RECENT = 20  # ends that are remembered per kind of job
ENOUGH = 5  # ends before they tell anything
LONGEST_BACKOFF = 60.0
LONGEST_RETRY_AFTER = 900.0


class Intervals:
    """Chooses delays, in seconds. Learns from how long recent jobs of the same kind took."""

    def __init__(self) -> None:
        self._ends: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=RECENT))
        self._poll_times: dict[str, PollTimes] = {}  # by kind, until another one ends

    def recall(self, ends: Iterable[tuple[str, float, bool]]) -> None:
        """Learn from jobs that ended in earlier runs: of each, its kind, the seconds that it took, and whether it was
        watched.
        """
        for kind, seconds, watched in ends:
            self.ended(kind, seconds, watched=watched)

    def ended(self, kind: str, seconds: float, *, watched: bool) -> None:
        """Learn that a job of this kind took so long. One that was over when it was first asked about wasn't `watched`:
        it ended some time before. That tells something only where most others would still have been under way, and then
        that the first poll comes too late; as for the others, the bot may have been down.
        """
        times = self._known(kind)
        if watched:  # since the poll before
            seconds = min(seconds, times.after(seconds, -0.5)) if times and seconds < times.latest else seconds
        elif times is None or seconds > times.median:
            return
        else:
            seconds = min(seconds, SHARE_OF_FIRST_POLL * times.after(0.0))
        if seconds > 0:
            self._ends[kind].append(seconds)
            self._poll_times.pop(kind, None)

    def until_next_poll(self, kind: str, elapsed: float) -> float:
        """Ask the oftener the likelier it ends now, from what is known of others; before and beyond all that is known,
        after a share of what has passed.
        """
        jitter = random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing
        times = self._known(kind)
        if times and elapsed < times.latest:
            return max(times.after(elapsed, jitter) - elapsed, jitter * SOONEST)
        return jitter * min(max(SHARE_OF_ELAPSED * elapsed, SOONEST), LATEST)

    def after_fault(self, faults_in_a_row: int, retry_after: float | None = None) -> float:
        """Exponential with full jitter; never sooner than the provider asked for."""
        backoff = random.uniform(0.5, min(LONGEST_BACKOFF, 2.0 ** min(faults_in_a_row, 10)))  # noqa: S311
        return max(backoff, min(retry_after or 0.0, LONGEST_RETRY_AFTER))

    def spread(self, over: float) -> float:
        """A random moment within `over` seconds, so that many jobs resumed at once don't ask at once."""
        return random.uniform(0.0, over)  # noqa: S311

    def _known(self, kind: str) -> PollTimes | None:
        """When jobs of this kind are asked; None when too few have ended to tell."""
        ends = self._ends.get(kind, ())
        if kind not in self._poll_times and len(ends) >= ENOUGH:
            self._poll_times[kind] = PollTimes(ends, SOONEST)
        return self._poll_times.get(kind)


def deadline(request: Request, begun_at: float) -> float:
    """The moment until which a job may take for this request: an hour for each call, as they are made in turn."""
    return begun_at + CALL_SECONDS * len(request.calls)
