"""What a job costs: whether money moved, and what of it counts against limits."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_UP, Decimal
from typing import Any, Literal

from bot.providers.request import Request
from storage.job import Job, State

MICROS = 1_000_000  # in a US dollar

Charge = Literal["paid", "free", "unclear"]


def micros(usd: Decimal | None) -> int:
    """In millionths of a US dollar, rounded up; nothing for an unknown price."""
    return int(((usd or Decimal(0)) * MICROS).to_integral_value(ROUND_UP))


def milliseconds(request: Request) -> int:
    """How much video this is: the result is as long as the clip."""
    return round((request.video.seconds or 0.0) * 1000)


def charge(job: Job) -> Charge:
    """Whether the provider charges for a job that has ended, as far as that is known."""
    if job.cost_usd is not None:
        return "paid" if job.cost_usd else "free"
    if job.settled_at:
        return "paid" if job.counted_at else "free"
    if job.state == "succeeded" or (job.state == "cancelled" and begun(job)):
        return "paid"
    if job.state == "unknown" or job.restored or job.failure == "cancelled_by_provider":
        return "unclear"
    untouched = job.remote is None and not begun(job)
    return "free" if untouched or job.state == "cancelled" else "unclear"


def counting(job: Job, state: State, **changes: Any) -> dict[str, Any]:
    """What a job that ends like this counts from now on: nothing if it was free, else what it cost or was to cost."""
    ended = replace(job, state=state, **changes)
    if charge(ended) == "free":
        return {"counted_at": None}
    price = Request.model_validate_json(job.request).price_usd
    known = price if ended.cost_usd is None else ended.cost_usd
    return {} if known is None else {"micros": micros(known)}


def begun(job: Job) -> bool:
    """Whether a stage is done that may have cost something: handing files over is free."""
    return any(not name.endswith("_source") for name in job.yields)
