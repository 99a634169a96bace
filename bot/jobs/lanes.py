"""Which steps hold up which: those of one lane, and no others; how many of them run at once, and how often an account
is polled; and for which process they are.
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from bot.domain.flows import HANDED_OVER
from bot.domain.job import Job
from bot.domain.sections import results
from bot.jobs.open_job import Delivering, OpenJob, Polling, Queued
from bot.jobs.roles import Role
from bot.providers.base import Provider
from storage.jobs.job import OUTCOMES

if sys.platform != "win32":
    import resource

LANE_WIDTH = 32  # steps at once per provider, and posts at once to Discord
MOST_POLLS = 1024  # at once per provider, where as many are needed
SHARE_OF_FILES = 4  # of what this process may have open, that the polls at one provider may take: one in so many
DOWNLOADS_WIDTH = 16  # results at once that are fetched
FILES_WIDTH = 4  # files at once that are prepared and handed over, or worked on at the end: that may take minutes each

ROOM = 4.0  # places for each poll that has to be under way; one server takes three quarters of them at most
RATE_SECONDS = 2.0  # over which it is measured how often an account is polled
KEPT = 0.7  # of an account's polls, each time it refuses one
RECOVERY_SECONDS = 60.0  # in which an account's polls become as many more as they were after that
LEAST_RATE = 0.1  # polls a second of an account, however often it refuses them


class Account:
    """Whom one server's polls at a provider ask. Where that says that they are too many, they become fewer, and then
    more from second to second until it says so again; before that they are as many as are due.
    """

    def __init__(self) -> None:
        self._begun, self._begun_at = 0.0, -math.inf  # polls, the fewer the longer they are ago
        self._cuts, self._cut_at = 0, -math.inf
        self._rate = math.inf  # polls a second just after the last cut
        self._free_at = -math.inf  # when another one may leave

    def until_poll(self, open_job: OpenJob, now: float) -> float:
        """Seconds until the job may be polled. Unless that is at once, it has its time from then on, and asks again
        when that has come.
        """
        at = now if open_job.slot == self._cuts else max(now, self._free_at)
        if open_job.slot != self._cuts and self._cuts:
            self._free_at = at + 1.0 / self._rate_at(at)
        open_job.slot = self._cuts if at > now else None
        if at == now:
            self._begun, self._begun_at = self._lately(now) + 1.0, now
        return at - now

    def polled(self, open_job: OpenJob, began: float, now: float) -> None:
        """Learn from how the poll was answered. What left before the last cut says nothing of the time after it."""
        phase = open_job.phase
        if not isinstance(phase, Polling) or phase.refused is None or began <= self._cut_at:
            return
        self._rate = max(min(self._lately(now) / RATE_SECONDS, self._rate_at(now)) * KEPT, LEAST_RATE)
        self._cuts, self._cut_at = self._cuts + 1, now
        self._free_at = now + max(phase.refused, 1.0 / self._rate)

    def _lately(self, now: float) -> float:
        return self._begun * math.exp((self._begun_at - now) / RATE_SECONDS) if self._begun else 0.0

    def _rate_at(self, now: float) -> float:
        return self._rate * (1.0 + (now - self._cut_at) / RECOVERY_SECONDS) if self._cuts else math.inf


class Concurrency:
    """How many polls of a provider are under way at once: some times as many as what gets through needs, which is their
    rate times the seconds of one (Little's law), so that it is found out whether more would get through.

    Both are measured in rounds of twice as many polls as there are places. The shortest seconds count, as those that
    grow with the number of places ask for no more of them; with the fewest places, they are measured anew.
    """

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, max(least, most)
        self._width, self._shortest = least, math.inf
        self._since, self._polls, self._seconds = math.inf, 0, 0.0

    def polled(self, seconds: float, now: float) -> int:
        """Learn of a poll that took so long, and went well; how many may be under way now."""
        self._since = min(self._since, now - seconds)
        self._polls, self._seconds = self._polls + 1, self._seconds + seconds
        if self._polls >= 2 * self._width and now > self._since:
            rate, mean = self._polls / (now - self._since), self._seconds / self._polls
            self._shortest = mean if self._width == self._least else min(mean, self._shortest)
            self._width = min(max(round(ROOM * rate * self._shortest), self._least), self._most)
            self._since, self._polls, self._seconds = now, 0, 0.0
        return self._width


class Polls(NamedTuple):
    """What bounds polls: of the provider and of the account."""

    concurrency: Concurrency
    account: Account


class Lane(NamedTuple):
    """Steps that hold up each other and no others, so many at once; of `polls`, it may become more."""

    name: str
    width: int
    polls: Polls | None = None


class Lanes:
    """Each provider has a lane of its own for what is sent to it and one for polls, and so has Discord; so have results
    that are fetched, files on their way to a provider, and finished videos that must be worked on: nobody whose job
    needs none of it waits for them.
    """

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._providers = providers
        most_polls = min(MOST_POLLS, _most_files() // SHARE_OF_FILES)
        self._concurrencies = defaultdict[str, Concurrency](lambda: Concurrency(LANE_WIDTH, most_polls))
        self._accounts = defaultdict[str, Account](Account)

    def of(self, open_job: OpenJob) -> Lane:
        """The lane in which the job's next step is taken."""
        job = open_job.job
        if _downloads(open_job):
            return Lane("downloads", DOWNLOADS_WIDTH)
        if open_job.needs_editing:
            return Lane("finishing", FILES_WIDTH)
        if job.state in OUTCOMES or job.card_id is None:
            return Lane("discord", LANE_WIDTH)
        if job.state != "held" and job.position.stage in HANDED_OVER:
            return Lane("handing over", FILES_WIDTH)
        host = self._host(job)
        if job.state != "running":
            return Lane(host, LANE_WIDTH)
        polls = Polls(self._concurrencies[host], self._accounts[f"{job.provider} {job.key_id}"])
        return Lane(f"{host} polls", LANE_WIDTH, polls)

    def role_of(self, open_job: OpenJob) -> Role:
        """Which role the job's next step belongs to. What is shown at once is shown by whoever heard the command; a
        video that must be worked on at its end is delivered by whoever does that.
        """
        job = open_job.job
        if job.state in OUTCOMES:
            return "media" if job.for_media or open_job.needs_editing else "worker"
        if job.card_id is None:
            return "gateway" if isinstance(open_job.phase, Queued) and open_job.phase.accepted_now else "worker"
        return "media" if job.state != "held" and job.position.stage in HANDED_OVER else "worker"

    def _host(self, job: Job) -> str:
        """Who answers the job's calls. Where each key names its own host, one that hangs holds up nobody else's."""
        provider = self._providers.get(job.provider)
        return f"{job.provider} {job.key_id}" if provider and provider.own_hosts else job.provider


def _downloads(open_job: OpenJob) -> bool:
    match open_job.phase:
        case Delivering(fetching=fetching):
            return fetching
        case Queued(gathered=gathered):
            return open_job.job.state == "queued" and not gathered and bool(results(open_job.job.yields))
    return False


def _most_files() -> int:
    """How many files and connections this process may have open."""
    if sys.platform == "win32":
        return MOST_POLLS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_POLLS * SHARE_OF_FILES if soft == resource.RLIM_INFINITY else soft
