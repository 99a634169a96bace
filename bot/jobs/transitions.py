"""What becomes of a job after an outside call, as pure functions: from its row and an answer to a decision."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bot.domain.costs import RAN, counting, has_unnamed_costs, total
from bot.domain.flows import HANDED_OVER, stage_after
from bot.domain.job import Job
from bot.domain.reuse import own_yields
from bot.domain.sections import stored_yields
from bot.jobs.decision import Advance, Amend, Wait
from bot.jobs.intervals import Intervals
from bot.net.address import kept
from bot.net.faults import ProviderError, RateLimited
from bot.providers.base import MISSING, Accepted, Done, Failed, Provider, Yields
from storage.jobs.job import Charge, Position, State

log = logging.getLogger(__name__)

CONFIRMATIONS = 3  # a provider must say so often that it doesn't know a job, as its lookups may lag behind


def again(job: Job, fault: ProviderError, intervals: Intervals, faults: int) -> Wait:
    """The same call may be made again later; `faults` in a row have gone before."""
    if faults & (faults + 1) == 0:  # the first, the second, the fourth, and so on: it may go on for hours
        log.info("%s: %s; again later (%d in a row)", job.code, fault, faults + 1)
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
    unnamed = has_unnamed_costs(job)
    changes: dict[str, Any] = {"yields": _with(job, _bounded(done.yields) or RAN)}
    if following:
        changes |= {"cost_usd": total(job.cost_usd, done.cost_usd), **sent_anew(following.position)}
        unnamed = unnamed or (done.cost_usd is None and job.position.stage not in HANDED_OVER)
        return Advance("queued", {**changes, "has_unnamed_costs": unnamed})
    last: Charge = "free" if done.cost_usd == 0 else "paid"
    return Advance("succeeded", changes | counting(job, "succeeded", last, done.cost_usd, has_unnamed_costs=unnamed))


def stage_failed(job: Job, failed: Failed) -> Advance:
    """The provider had accepted the stage, and nothing came of it; it may have cost something."""
    state: State = "unknown" if failed.reason == MISSING else "failed"
    if failed.reason == "cancelled_by_provider" and job.state == "running":
        state = "cancelled"
    return ended(job, state, failed.reason, failed.detail, failed.cost_usd, taken=True)


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
    job: Job,
    state: State,
    code: str,
    detail: str = "",
    cost_usd: Decimal | None = None,
    by: int | None = None,
    *,
    taken: bool = False,
) -> Advance:
    """The job is over without a video. `taken`: the provider had accepted its present stage. `cost_usd` is what that
    cost, None where that isn't known; `by` is the person who wanted that. After a backup nothing is sure.
    """
    if detail:  # that it has moved is told once that is committed
        log.info("%s: %s: %s", job.code, code, detail)
    is_unsure = state == "unknown" or ((taken or job.restored) and cost_usd is None)
    last: Charge = "paid" if cost_usd else "unclear" if is_unsure else "free"
    money = counting(job, state, last, cost_usd, has_unnamed_costs=has_unnamed_costs(job))
    return Advance(state, {"failure": code, "detail": detail, **money}, by=by)


def sent_anew(position: Position) -> dict[str, Any]:
    """What a row says of a stage that was not sent yet."""
    return {"position": position, "handle": None, "remote": None, "submitted_at": None}


def _with(job: Job, yielded: Mapping[str, str]) -> dict[str, str]:
    """What the job's stages have yielded, and now the present one."""
    return {**job.yields, **stored_yields(yielded, job.position)}


def kind_of(job: Job) -> str:
    """What the running stage has in common with others that take as long: each account may have a queue of its own, and
    what one server's jobs take must not delay another's polls.
    """
    return kind_called(job.provider, job.position.stage, job.key_id)


def kind_called(provider: str, stage: str, key_id: int | None) -> str:
    """The kind of what runs at this provider, in this stage of its flow, with this key."""
    return f"{provider}/{stage}/{key_id}"
