"""Which steps hold up which: those of one lane, and no others; and which process takes them."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.flows import HANDED_OVER
from bot.domain.job import Job
from bot.domain.sections import results
from bot.jobs.open_job import Delivering, OpenJob, Queued
from bot.jobs.roles import ROLES, Role
from bot.jobs.scheduler import Lane
from bot.providers.base import Provider
from storage.jobs.job import OUTCOMES

LANE_WIDTH = 32  # steps at once per provider, and posts at once to Discord
DOWNLOADS_WIDTH = 16  # results at once that are fetched
FILES_WIDTH = 4  # files at once that are prepared and handed over, or worked on at the end: that may take minutes each


class Lanes:
    """Each provider has a lane of its own, and so has Discord; so have results that are fetched, files on their way to
    a provider, and finished videos that must be worked on: nobody whose job needs none of it waits for them.
    """

    def __init__(self, providers: Mapping[str, Provider], roles: frozenset[Role] = ROLES) -> None:
        self._providers = providers
        self._own_roles = roles
        self.are_all_here = roles == ROLES  # this process takes every step

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
        return Lane(self._host(job), LANE_WIDTH)

    def is_here(self, open_job: OpenJob) -> bool:
        """Whether this process takes the job's next step, by its roles."""
        return open_job.job.closed_at is not None or self.role_of(open_job) in self._own_roles

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
