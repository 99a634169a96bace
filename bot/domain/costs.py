"""What a job costs: whether money moved, and what of it counts against limits."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_UP, Decimal
from typing import Any, Literal

from bot.domain.flows import HANDED_OVER
from bot.domain.job import Job
from bot.domain.request import Request
from bot.domain.reuse import own_yields
from bot.domain.sections import own_name
from storage.jobs.damaged import DAMAGED
from storage.jobs.job import State

MICROS = 1_000_000  # in a US dollar
HANDED = {f"{part}_{what}" for part in HANDED_OVER.values() for what in ("source", "message")}  # yielded by that, free
RAN = {"ran": "1"}  # what is kept of a stage that has yielded nothing

Currency = Literal["USD", "CNY"]
Charge = Literal["paid", "free", "unclear"]


def micros(usd: Decimal | None) -> int:
    """In millionths of a US dollar, rounded up; nothing for an unknown price."""
    return int(((usd or Decimal(0)) * MICROS).to_integral_value(ROUND_UP))


def in_usd(amount: Decimal, currency: Currency, usd_per_cny: Decimal) -> Decimal:
    """In US dollars, to the millionth, rounded up."""
    rate = usd_per_cny if currency == "CNY" else Decimal(1)
    return (amount * rate).quantize(Decimal(1) / MICROS, ROUND_UP)


def milliseconds(request: Request) -> int:
    """How much video this is: what is sent of the clip, and not what stays around that."""
    return round((request.video.seconds or 0.0) * 1000)


def charge(job: Job) -> Charge:
    """Whether the provider charges for a job that has ended, as far as that is known."""
    if job.settled_at:
        return "paid" if job.counted_at else "free"
    if job.state == "unknown":
        return "unclear"  # whatever its first steps are known to have cost
    if job.cost_usd is not None:
        return "paid" if job.cost_usd else "free"
    if job.state == "succeeded" or (job.state == "cancelled" and begun(job)):
        return "paid"
    damaged = job.position == DAMAGED and job.counted_at is not None  # one that was held was never sent
    if job.restored or job.failure == "cancelled_by_provider" or damaged:
        return "unclear"
    untouched = job.remote is None and not begun(job)
    return "free" if untouched or job.state == "cancelled" else "unclear"


def counting(job: Job, state: State, *, whole_cost: bool, **changes: Any) -> dict[str, Any]:
    """What a job that ends like this counts from now on, and what it has cost, as far as that is known. Without a video
    it counts nothing if it was free. What isn't known counts as much as its own provider named beforehand; without the
    `whole_cost`, what is known of it is the least it can be.
    """
    ended = replace(job, state=state, **changes)
    cost = micros(ended.cost_usd)
    if charge(ended) == "free":
        return {"micros": 0, "spent_micros": 0} if state == "succeeded" else {"counted_at": None, "spent_micros": 0}
    if ended.cost_usd is not None and whole_cost:
        return {"micros": cost, "spent_micros": cost}
    return {"micros": max(micros(job.request.price_usd), cost)}


def begun(job: Job) -> bool:
    """Whether a stage is done that may have cost something, as what it yielded shows. Handing files over is free, and
    what was taken over from an earlier job was paid for by that one.
    """
    return any(own_name(name) not in HANDED for name in own_yields(job.yields))
