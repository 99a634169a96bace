"""Sending a stage, at most once: `submitting` is written down before a request leaves, and what came of it after.

A stage is sent again, or to another provider, only on proof that it was not accepted.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from math import isfinite
from uuid import uuid4

from bot.clock import Clock
from bot.domain.costs import begun
from bot.domain.flows import HANDED_OVER, stage_at
from bot.domain.job import Fallback, Job
from bot.domain.reuse import is_passed_over, is_reusing
from bot.domain.sections import request_here, results, yields_here
from bot.jobs.decision import Advance, Amend, Decision, Wait
from bot.jobs.inputs import Inputs, left_in_thread
from bot.jobs.intervals import HELD_BACK_SECONDS, LONGEST_RETRY_AFTER, LOOKUP_SECONDS, Intervals, deadline
from bot.jobs.keys import JobKeys
from bot.jobs.lease import Lease
from bot.jobs.open_job import OpenJob, Queued, Submitting
from bot.jobs.transitions import again, answered, begun_anew, ended, kind_of, passed_over, sent_anew, stage_failed
from bot.net.client import Http
from bot.net.faults import (
    KEY_FAULTS,
    BadAddress,
    BadKey,
    CannotHandOver,
    Gone,
    HeldBack,
    InputRejected,
    NotAccepted,
    OutOfCredit,
    ProviderError,
    RateLimited,
    ResultMissing,
    UnknownOutcome,
    Unwritable,
)
from bot.net.transport import leaving_while
from bot.providers.base import Accepted, Done, Failed, Provider, Submission

log = logging.getLogger(__name__)

MEASURES = 8  # tries to measure a speech that was made

# After these another provider may be tried.
PROOFS_OF_REFUSAL = (NotAccepted, BadKey, BadAddress, OutOfCredit, InputRejected, CannotHandOver)


class Submit:
    """Announces a queued stage and sends it. `gather` brings to disk what earlier sections have made."""

    def __init__(
        self,
        inputs: Inputs,
        keys: JobKeys,
        providers: Mapping[str, Provider],
        clock: Clock,
        intervals: Intervals,
        gather: Callable[[Job, Http | None], Awaitable[None]],
        lease: Lease,
    ) -> None:
        self._inputs = inputs
        self._keys = keys
        self._providers = providers
        self._clock = clock
        self._intervals = intervals
        self._gather = gather
        self._lease = lease

    async def __call__(self, open_job: OpenJob) -> Decision:
        """Announce the queued stage: the request leaves once that is written down."""
        job, phase = open_job.job, open_job.phase
        if isinstance(phase, Queued) and not phase.gathered and results(job.yields):
            await self._gather(job, await self._keys.http(job))
            phase.gathered = True
            return Wait(0.0, fault=None)  # in a lane in which nobody waits for downloads
        if job.restored or self._clock.now() > job.deadline_at:
            return ended(job, "failed", "restored" if job.restored else "never_sent")
        provider = self._providers.get(job.provider)
        if provider and is_passed_over(job, provider.stages(job.request)):
            return passed_over(job, provider)
        return await self._announced(open_job)

    async def _announced(self, open_job: OpenJob) -> Decision:
        job, missing = await self._keys.for_sending(open_job.job)
        provider, credentials = self._providers.get(job.provider), await self._keys.credentials(job)
        if provider is None or credentials is None or missing:
            return await self._not_taken(open_job, BadKey("no key"), missing or "no_key")
        stage = stage_at(provider.stages(job.request), job.position)
        try:
            job = await self._inputs.measured(job, stage, provider.results(credentials))
        except ProviderError as fault:
            if isinstance(fault, ResultMissing) and open_job.faults >= MEASURES - 1:
                return ended(open_job.job, "unknown", fault.code, fault.detail)
            return again(job, fault, self._intervals, open_job.faults)
        handle = job.handle or str(uuid4())
        call = Submission(stage.name, request_here(job), handle, yields_here(job), credentials)
        window = self._lease.window()
        send_before = self._clock.now() + window.seconds if isfinite(window.seconds) else None
        changes = {"handle": handle, "key_id": job.key_id, "yields": job.yields, "send_before": send_before}
        not_before = open_job.phase.not_before if isinstance(open_job.phase, Queued) else {}
        return Advance("submitting", changes, phase=Submitting(call, window, not_before=not_before), at_once=True)

    async def send(self, open_job: OpenJob, call: Submission) -> Decision:
        """Send the announced stage."""
        job, provider, phase = open_job.job, self._providers[open_job.job.provider], open_job.phase
        window = phase.window if isinstance(phase, Submitting) else None
        try:
            with leaving_while(window.is_open) if window else nullcontext():
                answer = await self._sent(job, provider, call)
        except HeldBack as fault:
            log.warning("%s: nothing was sent: %s", job.code, fault)
            return Advance("queued", note="it was too late to send it", then=HELD_BACK_SECONDS)
        except UnknownOutcome as fault:
            log.warning("%s: %s", job.code, fault)
            if stage_at(provider.stages(job.request), job.position).findable:
                return Wait(LOOKUP_SECONDS)
            return ended(job, "unknown", fault.code, fault.detail)
        except ProviderError as fault:
            return await self._not_taken(open_job, fault, fault.code)
        if isinstance(answer, Failed):
            await self._keys.failed(job, answer.reason)
            return stage_failed(job, answer)
        then = self._intervals.until_next_poll(kind_of(job), 0.0)
        return answered(job, provider, answer, now=self._clock.now(), then=then)

    async def _sent(self, job: Job, provider: Provider, call: Submission) -> Accepted | Done | Failed:
        if part := HANDED_OVER.get(call.stage):
            return Done(await self._inputs.bring(job, part, provider, call))
        return await provider.submit(call)

    async def _not_taken(self, open_job: OpenJob, fault: ProviderError, code: str) -> Decision:
        """Proof that this provider did not take the stage: try the next one, or this one again, or give up."""
        job = open_job.job
        if job.state == "submitting":
            await self._keys.failed(job, code)
            replaced = code in KEY_FAULTS and await self._keys.is_replaced(job)
            if is_reusing(job) and (replaced or self._may_be_about_kept(job, fault)):
                return begun_anew(job, self._providers[job.provider], fault)
            if replaced and not begun(job):
                return Advance("queued", {"fallbacks": ()}, note="the key was replaced meanwhile")
        ours = isinstance(fault, Unwritable)  # no other provider mends that
        if job.fallbacks and isinstance(fault, PROOFS_OF_REFUSAL) and not ours and not begun(job):
            return self._turned(open_job, fault)
        if not isinstance(fault, NotAccepted):
            return ended(job, "failed", code, fault.detail)
        wait = again(job, fault, self._intervals, open_job.faults)
        return Advance("queued", note=str(fault), then=wait.seconds, fault=True)

    def _may_be_about_kept(self, job: Job, fault: ProviderError) -> bool:
        """Whether the provider may refuse what an earlier job's stage has kept: it doesn't know that any more, say."""
        stage = stage_at(self._providers[job.provider].stages(job.request), job.position)
        return stage.uses_kept and isinstance(fault, InputRejected | Gone)

    def _turned(self, open_job: OpenJob, fault: ProviderError) -> Decision:
        """Turn to the next provider; the one that may take it later comes last, and no sooner than it asked for."""
        job, phase = open_job.job, open_job.phase
        following, *rest = job.fallbacks
        if isinstance(fault, NotAccepted):
            rest.append(Fallback(job.provider, job.request))
        not_before = dict(phase.not_before) if isinstance(phase, Queued | Submitting) else {}
        now = self._clock.monotonic()
        if isinstance(fault, RateLimited):
            not_before[job.provider] = now + min(fault.retry_after or 0.0, LONGEST_RETRY_AFTER)
        log.info("%s: %s: %s; trying %s", job.code, job.provider, fault, following.provider)
        changes = {
            "provider": following.provider,
            "request": following.request,
            "fallbacks": tuple(rest),
            "key_id": None,
            "yields": left_in_thread(job.yields),
            **sent_anew(self._providers[following.provider].stages(following.request)[0].position),
            # Not from now on: taking turns has an end.
            "deadline_at": max(job.deadline_at, deadline(following.request, job.counted_at or job.created_at)),
        }
        if job.state == "queued":
            return Amend(changes)
        tried_again = open_job.faults + 1 - len(job.fallbacks)  # how often every one of them was asked
        backoff = self._intervals.after_fault(tried_again) if tried_again > 0 else 0.0
        return Advance(
            "queued",
            changes,
            note=f"{job.provider}: {fault}",
            then=max(backoff, not_before.get(following.provider, 0.0) - now),
            phase=Queued(not_before=not_before),
            fault=True,
        )
