"""What becomes of a job after an outside call, as pure functions: from its row and an answer to a decision."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bot.domain.costs import RAN, counting
from bot.domain.flows import stage_after
from bot.domain.job import Job
from bot.domain.reuse import own_yields
from bot.domain.sections import stored_yields
from bot.jobs.decision import Advance, Amend, Wait
from bot.jobs.intervals import Intervals
from bot.net.address import kept
from bot.net.faults import ProviderError, RateLimited
from bot.providers.base import MISSING, Accepted, Done, Failed, Provider, Yields
from storage.jobs.job import Position, State

log = logging.getLogger(__name__)

CONFIRMATIONS = 3  # a provider must say so often that it doesn't know a job, as its lookups may lag behind


def again(job: Job, fault: ProviderError, intervals: Intervals, faults: int) -> Wait:
    """The same call may be made again later; `faults` in a row have gone before."""
    log.info("%s: %s; again later", job.code, fault)
    asked = fault.retry_after if isinstance(fault, RateLimited) else None
    return Wait(intervals.after_fault(faults + 1, asked), fault=True)


def answered(job: Job, provider: Provider, answer: Accepted | Done, *, now: float, then: float) -> Advance:
    """The provider took the stage, or has already done it."""
    if isinstance(answer, Done):
        return stage_done(job, provider, answer)
    return Advance("running", {"remote": answer.remote, "submitted_at": now}, then=then)


def stage_done(job: Job, provider: Provider, done: Done) -> Advance:
    """Keep what the stage yielded, and queue the next one if there is any."""
    following = stage_after(provider.stages(job.request), job.position)
    changes: dict[str, Any] = {
        "yields": _with(job, _bounded(done.yields) or RAN),
        "cost_usd": total(job.cost_usd, done.cost_usd),
    }
    if following:
        return Advance("queued", changes | sent_anew(following.position))
    return Advance("succeeded", changes | counting(job, "succeeded", whole_cost=done.cost_usd is not None, **changes))


def stage_failed(job: Job, failed: Failed) -> Advance:
    """The provider had accepted the stage, and nothing came of it. That it was accepted is kept: it may have cost
    something.
    """
    state: State = "unknown" if failed.reason == MISSING else "failed"
    if failed.reason == "cancelled_by_provider" and job.state == "running":
        state = "cancelled"
    accepted = replace(job, yields=_with(job, RAN)) if job.remote is None else job
    over = ended(accepted, state, failed.reason, failed.detail, failed.cost_usd)
    return replace(over, changes={**over.changes, "yields": accepted.yields})


def _bounded(yields: Yields) -> dict[str, str]:
    """What a stage has yielded, with nothing in the place of addresses that are none."""
    return {name: kept(value) if name.endswith("_url") else value for name, value in yields.items()}


def passed_over(job: Job, provider: Provider) -> Amend:
    """Go on to the next stage: an earlier job has done this one."""
    following = stage_after(provider.stages(job.request), job.position)
    return Amend({"position": following.position if following else job.position})


def begun_anew(job: Job, provider: Provider, fault: ProviderError) -> Advance:
    """Begin without what was taken over from an earlier job, and keep what this one has paid for."""
    first = provider.stages(job.request)[0].position
    return Advance(
        "queued",
        {"position": first, "yields": own_yields(job.yields), "handle": None, "fallbacks": ()},
        note=str(fault),
    )


def ended(
    job: Job, state: State, code: str, detail: str = "", cost_usd: Decimal | None = None, by: int | None = None
) -> Advance:
    """The job is over without a video. `cost_usd` is what its present stage cost, None where that isn't known; `by` is
    the person who wanted that.
    """
    log.info("%s: %s (%s) %s", job.code, state, code, detail)
    changes: dict[str, Any] = {
        "failure": code,
        "detail": detail,
        "cost_usd": total(job.cost_usd, cost_usd),
    }
    return Advance(state, changes | counting(job, state, whole_cost=cost_usd is not None, **changes), by=by)


def sent_anew(position: Position) -> dict[str, Any]:
    """What a row says of a stage that was not sent yet."""
    return {"position": position, "handle": None, "remote": None, "submitted_at": None}


def _with(job: Job, yielded: Mapping[str, str]) -> dict[str, str]:
    """What the job's stages have yielded, and now the present one."""
    return {**job.yields, **stored_yields(yielded, job.position)}


def kind_of(job: Job) -> str:
    """What the running stage has in common with others that take as long."""
    return f"{job.provider}/{job.position.stage}"


def total(known: Decimal | None, more: Decimal | None) -> Decimal | None:
    """The sum of what has been said of costs; None while nothing has."""
    return known if more is None else (known or Decimal(0)) + more
