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
from bot.jobs.inputs import Inputs, left_in_thread
from bot.jobs.intervals import LONGEST_RETRY_AFTER, LOOKUP_SECONDS, deadline
from bot.jobs.open_job import OpenJob
from bot.jobs.transitions import Transitions, stage_of
from bot.media.probe import Unreadable
from bot.net.faults import (
    BadKey,
    CannotHandOver,
    Gone,
    InputRejected,
    NotAccepted,
    OutOfCredit,
    ProviderError,
    RateLimited,
    UnknownOutcome,
    Unwritable,
)
from bot.providers.base import Accepted, Done, Provider, Submission
from bot.words.failures import KEY_FAULTS
from storage.jobs.job import Job

log = logging.getLogger(__name__)

# After these another provider may be tried.
PROOFS_OF_REFUSAL = (NotAccepted, BadKey, OutOfCredit, InputRejected, CannotHandOver)


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
            return await self._try_next(open_job, fallbacks, fault)
        if not isinstance(fault, NotAccepted):
            return await self._transitions.end(open_job, "failed", code, fault.detail)
        open_job.job = await self._transitions.jobs.move(
            job, "queued", now=self._transitions.clock.now(), note=str(fault)
        )
        return self._transitions.again(open_job, fault)

    async def _try_next(self, open_job: OpenJob, fallbacks: list[dict[str, str]], fault: ProviderError) -> float:
        """Turn to the next provider; the one that may take it later comes last, and no sooner than it asked for."""
        job, transitions = open_job.job, self._transitions
        following, *rest = fallbacks
        if isinstance(fault, NotAccepted):
            rest.append({"provider": job.provider, "request": job.request})
        if isinstance(fault, RateLimited):
            wait = min(fault.retry_after or 0.0, LONGEST_RETRY_AFTER)
            open_job.not_before[job.provider] = transitions.clock.monotonic() + wait
        request = Request.model_validate_json(following["request"])
        until = deadline(request, job.counted_at or job.created_at)  # not from now on: taking turns has an end
        log.info("%s: %s: %s; trying %s", job.code, job.provider, fault, following["provider"])
        open_job.job = await transitions.jobs.turn(
            job,
            **following,
            fallbacks=json.dumps(rest),
            stage=transitions.providers[following["provider"]].stages(request)[0].name,
            yields=json.dumps(left_in_thread(job.yields)),
            deadline_at=max(job.deadline_at, until),
            note=f"{job.provider}: {fault}",
            now=transitions.clock.now(),
        )
        open_job.faults += 1
        every_one_tried = open_job.faults > len(fallbacks)
        backoff = transitions.intervals.after_fault(open_job.faults - len(fallbacks)) if every_one_tried else 0.0
        return max(backoff, open_job.not_before.get(following["provider"], 0.0) - transitions.clock.monotonic())
