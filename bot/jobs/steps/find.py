"""A job whose request may be under way: sending the one that was just announced, or finding out what became of one
whose answer was lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from bot.clock import Clock
from bot.domain.flows import HANDED_OVER, Stage, stage_at
from bot.domain.job import Job
from bot.jobs.decision import Advance, Decision, Wait
from bot.jobs.intervals import LOOKUP_SECONDS, Intervals
from bot.jobs.keys import JobKeys
from bot.jobs.open_job import OpenJob, Submitting
from bot.jobs.steps.submit import Submit
from bot.jobs.transitions import CONFIRMATIONS, again, answered, ended, kind_of
from bot.net.client import REQUEST_SECONDS
from bot.net.faults import ProviderError
from bot.providers.base import Provider

CLOCKS_DIFFER = 5.0  # seconds at most, those of processes that share a database; and more


class Find:
    """Takes submitting jobs one step further."""

    def __init__(
        self, submit: Submit, keys: JobKeys, providers: Mapping[str, Provider], clock: Clock, intervals: Intervals
    ) -> None:
        self._submit = submit
        self._keys = keys
        self._providers = providers
        self._clock = clock
        self._intervals = intervals

    async def __call__(self, open_job: OpenJob) -> Decision:
        """Send what is to leave; else settle what was sent."""
        phase = open_job.phase
        if isinstance(phase, Submitting) and phase.call:
            call, phase.call, phase.was_sent = phase.call, None, True  # whatever comes of it, it never leaves twice
            return await self._submit.send(open_job, call)
        return await self._settled(open_job)

    async def _settled(self, open_job: OpenJob) -> Decision:
        job = open_job.job
        if job.position.stage in HANDED_OVER:
            return Advance("queued", note="handing over is free", then=self._intervals.after_fault(open_job.faults))
        provider, credentials = self._providers.get(job.provider), await self._keys.credentials(job)
        if provider is None or credentials is None or job.handle is None:
            return ended(job, "unknown", "unknown_outcome", "there is no key to look it up with")
        stage = stage_at(provider.stages(job.request), job.position)
        late = self._clock.now() > job.deadline_at  # looked up all the same: it may have been the bot that was late
        found = None
        try:
            if stage.findable:
                found = await provider.find(stage.name, job.handle, credentials)
        except ProviderError as fault:
            if not late or open_job.faults < CONFIRMATIONS - 1:
                return again(job, fault, self._intervals, open_job.faults)
        if found:
            then = self._intervals.until_next_poll(kind_of(job), 0.0)
            return answered(job, provider, found, now=self._clock.now(), then=then)
        return self._not_found(open_job, stage, late=late)

    def _not_found(self, open_job: OpenJob, stage: Stage, *, late: bool) -> Decision:
        job, phase = open_job.job, open_job.phase
        if late or not stage.findable or not isinstance(phase, Submitting):
            return ended(job, "unknown", "unknown_outcome", "the answer to the submission was lost")
        if not phase.was_sent and self._may_arrive(job):
            return Wait(LOOKUP_SECONDS)
        phase.lookups += 1
        if phase.lookups < CONFIRMATIONS:
            return Wait(LOOKUP_SECONDS)
        # To nobody else: a lookup is good proof, and not good enough to pay another provider.
        return Advance("queued", {"fallbacks": ()}, note="never arrived")

    def _may_arrive(self, job: Job) -> bool:
        """Whether a request that another process has announced may reach its provider still: its sender may have been
        frozen, and wake.
        """
        until = -inf if job.send_before is None else job.send_before + REQUEST_SECONDS + CLOCKS_DIFFER
        return self._clock.now() <= until
