"""Finding out what became of a submission whose answer was lost."""

from __future__ import annotations

from bot.domain.flows import HANDED_OVER
from bot.domain.request import Request
from bot.domain.sections import own_name
from bot.jobs.intervals import LOOKUP_SECONDS
from bot.jobs.open_job import OpenJob
from bot.jobs.transitions import CONFIRMATIONS, Transitions, stage_of
from bot.net.faults import ProviderError, UnknownOutcome


class Finds:
    """Takes submitting jobs one step further; the delay in seconds until the next one."""

    def __init__(self, transitions: Transitions) -> None:
        self._transitions = transitions

    async def find(self, open_job: OpenJob) -> float:
        """Settle a submission whose answer was lost, by a crash or on the way; or could not be written down."""
        if open_job.answer:
            return await self._transitions.answered(
                open_job, self._transitions.providers[open_job.job.provider], open_job.answer
            )
        return await self._look_up(open_job)

    async def _look_up(self, open_job: OpenJob) -> float:
        job, transitions = open_job.job, self._transitions
        if own_name(job.stage) in HANDED_OVER:
            open_job.job = await transitions.jobs.move(
                job, "queued", now=transitions.clock.now(), note="handing over is free"
            )
            return transitions.intervals.after_fault(open_job.faults)
        provider, credentials = transitions.providers.get(job.provider), await transitions.keys.credentials(job)
        if provider is None or credentials is None or job.handle is None:
            return await transitions.unknown(open_job, UnknownOutcome("there is no key to look it up with"))
        stage = stage_of(provider, job, Request.model_validate_json(job.request))
        late = transitions.clock.now() > job.deadline_at  # looked up all the same: the bot may have been late
        found = None
        try:
            if stage.findable:
                found = await provider.find(own_name(job.stage), job.handle, credentials)
        except ProviderError as fault:
            if not late or open_job.faults < CONFIRMATIONS - 1:
                return transitions.again(open_job, fault)
        if found:
            return await transitions.answered(open_job, provider, found)
        if late or not stage.findable:
            return await transitions.unknown(open_job, UnknownOutcome("the answer to the submission was lost"))
        open_job.lookups += 1
        confirmed = open_job.lookups >= CONFIRMATIONS
        return await transitions.queue_again(open_job, "never arrived") if confirmed else LOOKUP_SECONDS
