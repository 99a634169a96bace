"""What a job costs: whether money moved, and what of it counts against limits."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import Any, Literal

from bot.domain.flows import HANDED_OVER
from bot.domain.job import Job
from bot.domain.request import Request
from bot.domain.reuse import own_yields
from bot.domain.sections import own_name
from storage.jobs.job import Charge, State

MICROS = 1_000_000  # in a US dollar
HANDED = {f"{part}_{what}" for part in HANDED_OVER.values() for what in ("source", "message")}  # yielded by that, free
RAN = {"ran": "1"}  # what is kept of a stage that has yielded nothing

Currency = Literal["USD", "CNY"]


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


def counting(
    job: Job, state: State, last: Charge, cost_usd: Decimal | None, *, has_unnamed_costs: bool
) -> dict[str, Any]:
    """What a job's row says of money from its end on: what it counts, whether its provider charges for it, and what it
    has cost, as far as that is known.

    `last` is what is known of its present stage, and `cost_usd` is what that one cost, None where that wasn't named.
    Of the stages before it, `has_unnamed_costs` says whether one named none. Without a video a job counts nothing if it
    was free. What isn't known counts as much as its own provider named beforehand, and no less than what is known.
    """
    known = total(job.cost_usd, cost_usd)
    charge: Charge = last if last != "free" else "paid" if known or has_unnamed_costs else "free"
    named = not has_unnamed_costs and (last == "free" or cost_usd is not None)
    said: dict[str, Any] = {"cost_usd": known, "charge": charge, "has_unnamed_costs": has_unnamed_costs}
    if charge == "free":
        return said | ({"micros": 0} if state == "succeeded" else {"counted_at": None}) | {"spent_micros": 0}
    if named and charge == "paid":
        return said | {"micros": micros(known), "spent_micros": micros(known)}
    return said | {"micros": max(micros(job.request.price_usd), micros(known))}


def total(known: Decimal | None, more: Decimal | None) -> Decimal | None:
    """The sum of what has been said of costs; None while nothing has."""
    return known if more is None else (known or Decimal(0)) + more


def has_unnamed_costs(job: Job) -> bool:
    """Whether an open job's stages are done without a word on their cost. Rows of earlier versions don't say it."""
    return job.has_unnamed_costs or (job.cost_usd is None and begun(job))


def begun(job: Job) -> bool:
    """Whether a stage is done that may have cost something, as what it yielded shows. Handing files over is free, and
    what was taken over from an earlier job was paid for by that one.
    """
    return any(own_name(name) not in HANDED for name in own_yields(job.yields))
