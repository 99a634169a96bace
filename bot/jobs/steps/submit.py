"""Sending a stage, at most once: `submitting` is committed before a request leaves, and what came of it after.

A stage is sent again, or to another provider, only on proof that it was not accepted.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from uuid import uuid4

from bot.domain.costs import begun
from bot.domain.flows import HANDED_OVER, Stage
from bot.domain.request import Request
from bot.domain.reuse import REUSED, is_passed_over, uses_session
from bot.domain.sections import own_name, request_at, yields_at
from bot.errors import (
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
from bot.jobs.deadlines import deadline
from bot.jobs.inputs import Handover, left_in_thread
from bot.jobs.intervals import LONGEST_RETRY_AFTER
from bot.jobs.scheduler import Ticket
from bot.jobs.transitions import CONFIRMATIONS, Moves
from bot.media.probe import Unreadable
from bot.providers.base import Accepted, Done, Provider, Submission
from bot.words.failures import KEY_FAULTS
from storage.jobs.job import Job

log = logging.getLogger(__name__)

LOOKUP_SECONDS = 20.0  # between two lookups of a lost submission
# After these another provider may be tried.
PROOFS_OF_REFUSAL = (NotAccepted, BadKey, OutOfCredit, InputRejected, CannotHandOver)


class Submits:
    """Takes queued and submitting jobs one step further; the delay in seconds until the next one."""

    def __init__(self, moves: Moves, handover: Handover) -> None:
        self._moves = moves
        self._handover = handover

    async def submit(self, ticket: Ticket) -> float:
        """Send the queued stage."""
        if is_passed_over(ticket.job.stage, ticket.job.yields):
            return await self._moves.pass_over(ticket)
        ready = await self._ready(ticket)
        if isinstance(ready, float):
            return ready
        provider, stage, call = ready
        try:
            answer = ticket.answer = await self._send(ticket.job, provider, call)
        except UnknownOutcome as fault:
            log.warning("%s: %s", ticket.job.code, fault)
            return LOOKUP_SECONDS if stage.findable else await self._moves.unknown(ticket, fault)
        except ProviderError as fault:
            return await self._not_taken(ticket, fault, fault.code)
        return await self._moves.answered(ticket, provider, answer)

    async def find(self, ticket: Ticket) -> float:
        """Settle a submission whose answer was lost, by a crash or on the way; or could not be written down."""
        if ticket.answer:
            return await self._moves.answered(ticket, self._moves.providers[ticket.job.provider], ticket.answer)
        return await self._look_up(ticket)

    async def _look_up(self, ticket: Ticket) -> float:
        job, moves = ticket.job, self._moves
        if own_name(job.stage) in HANDED_OVER:
            ticket.job = await moves.jobs.move(job, "queued", now=moves.clock.now(), note="handing over is free")
            return moves.pacing.after_fault(ticket.faults)
        provider, credentials = moves.providers.get(job.provider), await moves.credentials(job)
        if provider is None or credentials is None or job.handle is None:
            return await moves.unknown(ticket, UnknownOutcome("there is no key to look it up with"))
        stage = _stage(provider, job, Request.model_validate_json(job.request))
        late = moves.clock.now() > job.deadline_at  # looked up all the same: it may have been the bot that was late
        found = None
        try:
            if stage.findable:
                found = await provider.find(own_name(job.stage), job.handle, credentials)
        except ProviderError as fault:
            if not late or ticket.faults < CONFIRMATIONS - 1:
                return moves.again(ticket, fault)
        if found:
            return await moves.answered(ticket, provider, found)
        if late or not stage.findable:
            return await moves.unknown(ticket, UnknownOutcome("the answer to the submission was lost"))
        ticket.lookups += 1
        return LOOKUP_SECONDS if ticket.lookups < CONFIRMATIONS else await self._queue_again(ticket, "never arrived")

    async def _queue_again(self, ticket: Ticket, note: str) -> float:
        """Send it again, and to nobody else: a lookup is good proof, and not good enough to pay another provider."""
        ticket.faults = ticket.lookups = 0
        moves = self._moves
        ticket.job = await moves.jobs.move(ticket.job, "queued", now=moves.clock.now(), note=note, fallbacks="[]")
        return 0.0

    async def _ready(self, ticket: Ticket) -> tuple[Provider, Stage, Submission] | float:
        """What is to be sent, once it is committed that it will be; or the delay until the job's next step."""
        now, moves = self._moves.clock.now(), self._moves
        if ticket.job.restored:
            return await moves.end(ticket, "failed", "restored")
        if now > ticket.job.deadline_at:
            return await moves.end(ticket, "failed", "never_sent")
        job, missing = await self._with_key(ticket.job)
        provider, credentials = moves.providers.get(job.provider), await moves.credentials(job)
        if provider is None or credentials is None or missing:
            return await self._not_taken(ticket, BadKey("no key"), missing or "no_key")
        request = Request.model_validate_json(job.request)
        stage = _stage(provider, job, request)
        try:
            job = await self._handover.measured(job, stage)
        except Unreadable as why:
            return await moves.end(ticket, "failed", "provider_failed", str(why))
        except ProviderError as fault:
            return moves.again(ticket, fault)
        handle = job.handle or str(uuid4())
        ticket.job = await moves.jobs.move(
            ticket.job, "submitting", now=now, handle=handle, key_id=job.key_id, yields=job.yields
        )
        what, yields = request_at(request, job.stage), yields_at(job.yields, job.stage)
        return provider, stage, Submission(own_name(job.stage), what, handle, yields, credentials)

    async def _with_key(self, job: Job) -> tuple[Job, str]:
        """The job with the key that is to send it: its own once a stage may have been paid with it, or a face session
        is its account's, else the server's current one; and what stands against that key.
        """
        provider = self._moves.providers.get(job.provider)
        if provider is None or not provider.credentials or begun(job) or REUSED in job.yields:
            return job, ""
        info = await self._moves.keys.current(job.guild_id, job.provider)
        return (replace(job, key_id=info.id), info.off_reason or "") if info else (job, "no_key")

    async def _send(self, job: Job, provider: Provider, call: Submission) -> Accepted | Done:
        if part := HANDED_OVER.get(call.stage):
            return Done(await self._handover.bring(job, part, provider, call))
        return await provider.submit(call)

    async def _not_taken(self, ticket: Ticket, fault: ProviderError, code: str) -> float:
        """Proof that this provider did not take the stage: try the next one, or this one again, or give up."""
        job = ticket.job
        if job.state == "submitting":
            await self._moves.key_failed(job, code)
            newer = await self._moves.keys.current(job.guild_id, job.provider)
            replaced = newer and newer.id != job.key_id and not newer.off_reason and code in KEY_FAULTS
            ended = isinstance(fault, InputRejected | Gone) and uses_session(job.stage)
            if REUSED in job.yields and (replaced or ended):
                return await self._moves.without_session(ticket, fault)
            if replaced and not begun(job):
                return await self._queue_again(ticket, "the key was replaced meanwhile")
        fallbacks = json.loads(job.fallbacks)
        ours = isinstance(fault, Unwritable)  # no other provider mends that
        if fallbacks and isinstance(fault, PROOFS_OF_REFUSAL) and not ours and not begun(job):
            return await self._try_next(ticket, fallbacks, fault)
        if not isinstance(fault, NotAccepted):
            return await self._moves.end(ticket, "failed", code, fault.detail)
        ticket.job = await self._moves.jobs.move(job, "queued", now=self._moves.clock.now(), note=str(fault))
        return self._moves.again(ticket, fault)

    async def _try_next(self, ticket: Ticket, fallbacks: list[dict[str, str]], fault: ProviderError) -> float:
        """Turn to the next provider; the one that may take it later comes last, and no sooner than it asked for."""
        job, moves = ticket.job, self._moves
        following, *rest = fallbacks
        if isinstance(fault, NotAccepted):
            rest.append({"provider": job.provider, "request": job.request})
        if isinstance(fault, RateLimited):
            wait = min(fault.retry_after or 0.0, LONGEST_RETRY_AFTER)
            ticket.not_before[job.provider] = moves.clock.monotonic() + wait
        request = Request.model_validate_json(following["request"])
        until = deadline(request, job.counted_at or job.created_at)  # not from now on: taking turns has an end
        log.info("%s: %s: %s; trying %s", job.code, job.provider, fault, following["provider"])
        ticket.job = await moves.jobs.turn(
            job,
            **following,
            fallbacks=json.dumps(rest),
            stage=moves.providers[following["provider"]].stages(request)[0].name,
            yields=json.dumps(left_in_thread(job.yields)),
            deadline_at=max(job.deadline_at, until),
            note=f"{job.provider}: {fault}",
            now=moves.clock.now(),
        )
        ticket.faults += 1
        every_one_tried = ticket.faults > len(fallbacks)
        backoff = moves.pacing.after_fault(ticket.faults - len(fallbacks)) if every_one_tried else 0.0
        return max(backoff, ticket.not_before.get(following["provider"], 0.0) - moves.clock.monotonic())


def _stage(provider: Provider, job: Job, request: Request) -> Stage:
    return next(stage for stage in provider.stages(request) if stage.name == job.stage)
