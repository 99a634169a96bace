"""What becomes of a job after an outside call. Everything that is known is committed before the next call is made."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bot.clock import Clock
from bot.domain.costs import RAN, counting
from bot.domain.flows import Stage
from bot.domain.request import Request
from bot.domain.reuse import without_session
from bot.domain.sections import own_name, stored_yields
from bot.jobs.inputs import left_in_thread
from bot.jobs.intervals import LONGEST_RETRY_AFTER, Intervals, deadline
from bot.jobs.keys import JobKeys
from bot.jobs.open_job import OpenJob
from bot.net.faults import (
    BadKey,
    CannotHandOver,
    InputRejected,
    NotAccepted,
    OutOfCredit,
    ProviderError,
    RateLimited,
    UnknownOutcome,
)
from bot.providers.base import Accepted, Done, Provider
from storage.jobs.job import Job, State
from storage.jobs.jobs import Jobs

log = logging.getLogger(__name__)

# After these another provider may be tried.
PROOFS_OF_REFUSAL = (NotAccepted, BadKey, OutOfCredit, InputRejected, CannotHandOver)
CONFIRMATIONS = 3  # a provider must say so often that it doesn't know a job, as its lookups may lag behind


class Transitions:
    """Moves jobs along. The methods return the delay in seconds until the job's next step."""

    def __init__(
        self,
        jobs: Jobs,
        keys: JobKeys,
        providers: Mapping[str, Provider],
        clock: Clock,
        intervals: Intervals,
    ) -> None:
        self.jobs = jobs
        self.keys = keys
        self.providers = providers
        self.clock = clock
        self.intervals = intervals

    async def answered(self, open_job: OpenJob, provider: Provider, answer: Accepted | Done) -> float:
        """The provider took the stage, or has already done it."""
        if isinstance(answer, Done):
            delay = await self.stage_done(open_job, provider, answer)
        else:
            now = self.clock.now()
            open_job.job = await self.jobs.move(
                open_job.job, "running", now=now, remote=answer.remote, submitted_at=now
            )
            delay = self.intervals.until_next_poll(kind_of(open_job.job), 0.0)
        open_job.faults, open_job.answer = 0, None
        return delay

    async def stage_done(self, open_job: OpenJob, provider: Provider, done: Done) -> float:
        """Keep what the stage yielded, and queue the next one if there is any."""
        job = open_job.job
        names = [stage.name for stage in provider.stages(Request.model_validate_json(job.request))]
        following = names[names.index(job.stage) + 1 :]
        changes: dict[str, Any] = {
            "yields": {**job.yields, **stored_yields(done.yields or RAN, job.stage)},
            "cost_usd": total(job.cost_usd, done.cost_usd),
        }
        if following:
            changes |= {"stage": following[0], "handle": None, "remote": None, "submitted_at": None}
        state: State = "queued" if following else "succeeded"
        if state == "succeeded":
            changes |= counting(job, state, whole_cost=done.cost_usd is not None, **changes)
        open_job.job = await self.jobs.move(job, state, now=self.clock.now(), **changes)
        return 0.0

    async def pass_over(self, open_job: OpenJob) -> float:
        """Go on to the next stage: an earlier job has done this one."""
        job = open_job.job
        names = [stage.name for stage in self.providers[job.provider].stages(Request.model_validate_json(job.request))]
        open_job.job = await self.jobs.pass_over(job, stage=names[names.index(job.stage) + 1])
        return 0.0

    async def without_session(self, open_job: OpenJob, fault: ProviderError) -> float:
        """Begin anew without the face session of an earlier job, and keep what this one has paid for."""
        job = open_job.job
        first = self.providers[job.provider].stages(Request.model_validate_json(job.request))[0].name
        anew: dict[str, Any] = {
            "stage": first,
            "yields": without_session(job.yields),
            "handle": None,
            "fallbacks": "[]",
        }
        open_job.job = await self.jobs.move(job, "queued", now=self.clock.now(), note=str(fault), **anew)
        return 0.0

    async def unknown(self, open_job: OpenJob, fault: UnknownOutcome) -> float:
        """It can't be known whether the provider took the stage."""
        return await self.end(open_job, "unknown", fault.code, fault.detail)

    async def end(
        self,
        open_job: OpenJob,
        state: State,
        code: str,
        detail: str = "",
        cost_usd: Decimal | None = None,
        by: int | None = None,
    ) -> float:
        """The job is over without a video. `by` is the person who wanted that."""
        job = open_job.job
        log.info("%s: %s (%s) %s", job.code, state, code, detail)
        changes: dict[str, Any] = {
            "failure": code,
            "detail": detail,
            "cost_usd": job.cost_usd if cost_usd is None else cost_usd,
        }
        changes |= counting(job, state, whole_cost=cost_usd is not None, **changes)
        open_job.job = await self.jobs.move(job, state, now=self.clock.now(), by=by, **changes)
        open_job.faults = 0
        return 0.0

    async def queue_again(self, open_job: OpenJob, note: str) -> float:
        """Send it again, and to nobody else: a lookup is good proof, and not good enough to pay another provider."""
        open_job.faults = open_job.lookups = 0
        open_job.job = await self.jobs.move(open_job.job, "queued", now=self.clock.now(), note=note, fallbacks="[]")
        return 0.0

    async def try_next(self, open_job: OpenJob, fallbacks: list[dict[str, str]], fault: ProviderError) -> float:
        """Turn to the next provider; the one that may take it later comes last, and no sooner than it asked for."""
        job = open_job.job
        following, *rest = fallbacks
        if isinstance(fault, NotAccepted):
            rest.append({"provider": job.provider, "request": job.request})
        if isinstance(fault, RateLimited):
            wait = min(fault.retry_after or 0.0, LONGEST_RETRY_AFTER)
            open_job.not_before[job.provider] = self.clock.monotonic() + wait
        request = Request.model_validate_json(following["request"])
        until = deadline(request, job.counted_at or job.created_at)  # not from now on: taking turns has an end
        log.info("%s: %s: %s; trying %s", job.code, job.provider, fault, following["provider"])
        open_job.job = await self.jobs.turn(
            job,
            **following,
            fallbacks=json.dumps(rest),
            stage=self.providers[following["provider"]].stages(request)[0].name,
            yields=json.dumps(left_in_thread(job.yields)),
            deadline_at=max(job.deadline_at, until),
            note=f"{job.provider}: {fault}",
            now=self.clock.now(),
        )
        open_job.faults += 1
        every_one_tried = open_job.faults > len(fallbacks)
        backoff = self.intervals.after_fault(open_job.faults - len(fallbacks)) if every_one_tried else 0.0
        return max(backoff, open_job.not_before.get(following["provider"], 0.0) - self.clock.monotonic())

    def again(self, open_job: OpenJob, fault: ProviderError) -> float:
        """The same call may be made again later."""
        open_job.faults += 1
        log.info("%s: %s; again later", open_job.job.code, fault)
        return self.intervals.after_fault(
            open_job.faults, fault.retry_after if isinstance(fault, RateLimited) else None
        )


def kind_of(job: Job) -> str:
    """What the running stage has in common with others that take as long."""
    return f"{job.provider}/{own_name(job.stage)}"


def total(known: Decimal | None, more: Decimal | None) -> Decimal | None:
    """The sum of what has been said of costs; None while nothing has."""
    return known if more is None else (known or Decimal(0)) + more


def stage_of(provider: Provider, job: Job, request: Request) -> Stage:
    """The stage that the job is at."""
    return next(stage for stage in provider.stages(request) if stage.name == job.stage)
