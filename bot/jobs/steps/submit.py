"""Sending a stage, at most once: `submitting` is committed before a request leaves, and what came of it after.

A stage is sent again, or to another provider, only on proof that it was not accepted.
"""

from __future__ import annotations

import json
import logging
from uuid import uuid4

from bot.domain.costs import begun
from bot.domain.flows import HANDED_OVER, Stage
from bot.domain.request import Request
from bot.domain.reuse import REUSED, is_passed_over, uses_session
from bot.domain.sections import own_name, request_at, yields_at
from bot.jobs.inputs import Inputs
from bot.jobs.intervals import LOOKUP_SECONDS
from bot.jobs.open_job import OpenJob
from bot.jobs.transitions import PROOFS_OF_REFUSAL, Transitions, stage_of
from bot.media.probe import Unreadable
from bot.net.faults import (
    BadKey,
    Gone,
    InputRejected,
    NotAccepted,
    ProviderError,
    UnknownOutcome,
    Unwritable,
)
from bot.providers.base import Accepted, Done, Provider, Submission
from bot.words.failures import KEY_FAULTS
from storage.jobs.job import Job

log = logging.getLogger(__name__)


class Submits:
    """Takes queued jobs one step further; the delay in seconds until the next one."""

    def __init__(self, transitions: Transitions, inputs: Inputs) -> None:
        self._transitions = transitions
        self._inputs = inputs

    async def submit(self, open_job: OpenJob) -> float:
        """Send the queued stage."""
        if is_passed_over(open_job.job.stage, open_job.job.yields):
            return await self._transitions.pass_over(open_job)
        ready = await self._ready(open_job)
        if isinstance(ready, float):
            return ready
        provider, stage, call = ready
        try:
            answer = open_job.answer = await self._send(open_job.job, provider, call)
        except UnknownOutcome as fault:
            log.warning("%s: %s", open_job.job.code, fault)
            return LOOKUP_SECONDS if stage.findable else await self._transitions.unknown(open_job, fault)
        except ProviderError as fault:
            return await self._not_taken(open_job, fault, fault.code)
        return await self._transitions.answered(open_job, provider, answer)

    async def _ready(self, open_job: OpenJob) -> tuple[Provider, Stage, Submission] | float:
        """What is to be sent, once it is committed that it will be; or the delay until the job's next step."""
        now, transitions = self._transitions.clock.now(), self._transitions
        if open_job.job.restored:
            return await transitions.end(open_job, "failed", "restored")
        if now > open_job.job.deadline_at:
            return await transitions.end(open_job, "failed", "never_sent")
        job, missing = await transitions.keys.for_sending(open_job.job)
        provider, credentials = transitions.providers.get(job.provider), await transitions.keys.credentials(job)
        if provider is None or credentials is None or missing:
            return await self._not_taken(open_job, BadKey("no key"), missing or "no_key")
        request = Request.model_validate_json(job.request)
        stage = stage_of(provider, job, request)
        try:
            job = await self._inputs.measured(job, stage)
        except Unreadable as why:
            return await transitions.end(open_job, "failed", "provider_failed", str(why))
        except ProviderError as fault:
            return transitions.again(open_job, fault)
        handle = job.handle or str(uuid4())
        open_job.job = await transitions.jobs.move(
            open_job.job, "submitting", now=now, handle=handle, key_id=job.key_id, yields=job.yields
        )
        what, yields = request_at(request, job.stage), yields_at(job.yields, job.stage)
        return provider, stage, Submission(own_name(job.stage), what, handle, yields, credentials)

    async def _send(self, job: Job, provider: Provider, call: Submission) -> Accepted | Done:
        if part := HANDED_OVER.get(call.stage):
            return Done(await self._inputs.bring(job, part, provider, call))
        return await provider.submit(call)

    async def _not_taken(self, open_job: OpenJob, fault: ProviderError, code: str) -> float:
        """Proof that this provider did not take the stage: try the next one, or this one again, or give up."""
        job = open_job.job
        if job.state == "submitting":
            await self._transitions.keys.failed(job, code)
            newer = await self._transitions.keys.store.current(job.guild_id, job.provider)
            replaced = newer and newer.id != job.key_id and not newer.off_reason and code in KEY_FAULTS
            ended = isinstance(fault, InputRejected | Gone) and uses_session(job.stage)
            if REUSED in job.yields and (replaced or ended):
                return await self._transitions.without_session(open_job, fault)
            if replaced and not begun(job):
                return await self._transitions.queue_again(open_job, "the key was replaced meanwhile")
        fallbacks = json.loads(job.fallbacks)
        ours = isinstance(fault, Unwritable)  # no other provider mends that
        if fallbacks and isinstance(fault, PROOFS_OF_REFUSAL) and not ours and not begun(job):
            return await self._transitions.try_next(open_job, fallbacks, fault)
        if not isinstance(fault, NotAccepted):
            return await self._transitions.end(open_job, "failed", code, fault.detail)
        open_job.job = await self._transitions.jobs.move(
            job, "queued", now=self._transitions.clock.now(), note=str(fault)
        )
        return self._transitions.again(open_job, fault)
