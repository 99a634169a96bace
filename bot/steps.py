"""One step of one job towards its outcome: send a stage, look up a lost submission, ask how it is doing, or cancel.

Every outside effect stands alone between two commits: `submitting` is committed before a request leaves, and what
came of it after. A stage is sent again only on proof that it was not accepted.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

from bot.clock import Clock
from bot.errors import Gone, NotAccepted, NotCancellable, NothingToCancel, ProviderError, RateLimited, UnknownOutcome
from bot.pacing import Pacing
from bot.providers.base import Accepted, Credentials, Done, Failed, Provider, Request, Submission, Waiting, Yields
from bot.schedule import Ticket
from storage.job import OUTCOMES, Job, State
from storage.jobs import Jobs
from storage.keys import Keys
from storage.sealing import CannotUnseal

log = logging.getLogger(__name__)

CONFIRMATIONS = 3  # a provider must say so often that it doesn't know a job, as its lookups may lag behind
LOOKUP_SECONDS = 20.0  # between two lookups of a lost submission


class Steps:
    """Takes open jobs one step further. Each method returns the delay in seconds until the job's next step."""

    def __init__(self, jobs: Jobs, keys: Keys, providers: Mapping[str, Provider], clock: Clock, pacing: Pacing) -> None:
        self._jobs = jobs
        self._keys = keys
        self._providers = providers
        self._clock = clock
        self._pacing = pacing

    async def submit(self, ticket: Ticket) -> float:
        """Send the queued stage, at most once."""
        job, provider = ticket.job, self._providers.get(ticket.job.provider)
        credentials = await self._credentials(job)
        late = self._clock.now() > job.deadline_at
        if late or provider is None or credentials is None:
            return await self._fail(ticket, "never_sent" if late else "no_key")
        handle = job.handle or uuid4().hex
        request = Request.model_validate_json(job.request)
        ticket.job = job = await self._jobs.move(job, "submitting", now=self._clock.now(), handle=handle)
        try:
            answer = await provider.submit(Submission(job.stage, request, handle, job.yields, credentials))
        except NotAccepted as fault:
            ticket.job = await self._jobs.move(job, "queued", now=self._clock.now(), note=str(fault))
            return self._retry(ticket, fault)
        except UnknownOutcome as fault:
            log.warning("%s: %s", job.code, fault)
            return LOOKUP_SECONDS if provider.finds_lost_submits else await self._unknown(ticket, fault)
        except ProviderError as fault:
            return await self._fail(ticket, fault.code, fault.detail)
        return await self._answered(ticket, provider, answer)

    async def find(self, ticket: Ticket) -> float:
        """Settle a submission whose answer was lost, by a crash or on the way."""
        job, provider = ticket.job, self._providers.get(ticket.job.provider)
        credentials = await self._credentials(job)
        if provider is None or credentials is None or not provider.finds_lost_submits or job.handle is None:
            return await self._unknown(ticket, UnknownOutcome("the answer to the submission was lost"))
        if self._clock.now() > job.deadline_at:
            return await self._unknown(ticket, UnknownOutcome("the submission could not be looked up in time"))
        try:
            found = await provider.find(job.stage, job.handle, credentials)
        except ProviderError as fault:
            return self._retry(ticket, fault)
        if found:
            return await self._answered(ticket, provider, found)
        ticket.faults += 1
        if ticket.faults < CONFIRMATIONS:
            return LOOKUP_SECONDS
        ticket.faults = 0
        ticket.job = await self._jobs.move(job, "queued", now=self._clock.now(), note="not known to the provider")
        return 0.0

    async def poll(self, ticket: Ticket) -> float:
        """Ask once how the running stage is doing."""
        job, provider = ticket.job, self._providers.get(ticket.job.provider)
        now = self._clock.now()
        if now > job.deadline_at:
            return await self._end(ticket, "unknown", "took_too_long")
        credentials = await self._credentials(job)
        if provider is None or credentials is None or job.remote is None:
            return self._retry(ticket, NotAccepted("no key to ask with"))
        try:
            answer = await provider.poll(job.stage, job.remote, credentials)
        except ProviderError as fault:
            delay = self._retry(ticket, fault)
            gone = isinstance(fault, Gone) and ticket.faults >= CONFIRMATIONS
            return await self._end(ticket, "unknown", "gone", fault.detail) if gone else delay
        ticket.faults = 0
        elapsed = now - (job.submitted_at or now)
        if isinstance(answer, Waiting):
            ticket.position = answer.position
            return self._pacing.until_next_poll(f"{job.provider}/{job.stage}", elapsed)
        if isinstance(answer, Failed):
            state: State = "cancelled" if answer.reason == "cancelled_by_provider" else "failed"
            return await self._end(ticket, state, answer.reason, answer.detail, _sum(job.cost_usd, answer.cost_usd))
        self._pacing.ended(f"{job.provider}/{job.stage}", elapsed)
        return await self._finish_stage(ticket, provider, answer)

    async def yields_again(self, job: Job) -> Yields:
        """What a finished job's last stage yields now: links expire, and the provider may have newer ones."""
        provider, credentials = self._providers.get(job.provider), await self._credentials(job)
        if provider is None or credentials is None or job.remote is None:
            return job.yields
        answer = await provider.poll(job.stage, job.remote, credentials)
        return {**job.yields, **answer.yields} if isinstance(answer, Done) else job.yields

    async def cancel(self, ticket: Ticket) -> None:
        """Cancel the job, or raise the `Refusal` that says why not. What can't be known counts as not cancelled."""
        job = ticket.job
        provider, credentials = self._providers.get(job.provider), await self._credentials(job)
        if job.state in OUTCOMES:
            raise NothingToCancel(job=job.code)
        label = provider.label if provider else job.provider
        if job.state != "queued":
            if provider is None or credentials is None or job.remote is None or not provider.can_cancel:
                raise NotCancellable(provider=label, job=job.code)
            try:
                stopped = await provider.cancel(job.stage, job.remote, credentials)
            except ProviderError as fault:
                log.warning("%s: cancel: %s", job.code, fault)
                stopped = False
            if not stopped:
                raise NotCancellable(provider=label, job=job.code)
        await self._end(ticket, "cancelled", "cancelled")

    async def _answered(self, ticket: Ticket, provider: Provider, answer: Accepted | Done) -> float:
        ticket.faults = 0
        if isinstance(answer, Done):
            return await self._finish_stage(ticket, provider, answer)
        now = self._clock.now()
        ticket.job = await self._jobs.move(ticket.job, "running", now=now, remote=answer.remote, submitted_at=now)
        return self._pacing.until_next_poll(f"{ticket.job.provider}/{ticket.job.stage}", 0.0)

    async def _finish_stage(self, ticket: Ticket, provider: Provider, done: Done) -> float:
        job = ticket.job
        names = [stage.name for stage in provider.stages(Request.model_validate_json(job.request))]
        following = names[names.index(job.stage) + 1 :]
        changes: dict[str, Any] = {
            "yields": {**job.yields, **done.yields},
            "cost_usd": _sum(job.cost_usd, done.cost_usd),
        }
        if following:
            changes |= {"stage": following[0], "handle": None, "remote": None, "submitted_at": None}
        state: State = "queued" if following else "succeeded"
        ticket.job = await self._jobs.move(job, state, now=self._clock.now(), **changes)
        return 0.0

    async def _unknown(self, ticket: Ticket, fault: UnknownOutcome) -> float:
        return await self._end(ticket, "unknown", fault.code, fault.detail)

    async def _fail(self, ticket: Ticket, code: str, detail: str = "") -> float:
        return await self._end(ticket, "failed", code, detail)

    async def _end(
        self, ticket: Ticket, state: State, code: str, detail: str = "", cost_usd: Decimal | None = None
    ) -> float:
        log.info("%s: %s (%s) %s", ticket.job.code, state, code, detail)
        ticket.job = await self._jobs.move(
            ticket.job,
            state,
            now=self._clock.now(),
            failure=code,
            detail=detail,
            cost_usd=cost_usd if cost_usd is not None else ticket.job.cost_usd,
        )
        return 0.0

    def _retry(self, ticket: Ticket, fault: ProviderError) -> float:
        ticket.faults += 1
        log.info("%s: %s; again later", ticket.job.code, fault)
        return self._pacing.after_fault(ticket.faults, fault.retry_after if isinstance(fault, RateLimited) else None)

    async def _credentials(self, job: Job) -> Credentials | None:
        provider = self._providers.get(job.provider)
        if provider is None or not provider.credentials:
            return {}
        try:
            return await self._keys.get(job.guild_id, job.provider)
        except CannotUnseal as error:
            log.warning("%s: %s", job.code, error)
            return None


def _sum(known: Decimal | None, more: Decimal | None) -> Decimal | None:
    return known if more is None else (known or Decimal(0)) + more
