"""A month in words and as CSV: how much was made, by whom, through whom, and why some of it failed."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from bot.domain.costs import MICROS
from bot.words.english import dollars
from bot.words.failures import in_short
from storage.jobs.ledger import Line

MOST_MEMBERS = 12
COLUMNS = (
    *("member_id", "provider", "outcome", "cause", "videos", "seconds", "usd", "usd_estimated", "price_not_known"),
    *("charge_not_known", "usd_if_charged"),
)
BY_PRICE_LISTS = " ({amount} of it by the providers' price lists)"
PRICE_NOT_KNOWN = ", and {videos} whose price is not known"
CHARGE_NOT_KNOWN = ", and {videos} for which it is not known whether anything was charged"
IF_CHARGED = " (up to {amount})"
K = TypeVar("K", bound=Hashable)


def table(title: str, lines: Sequence[Line], labels: Mapping[str, str]) -> str:
    """The month, readable, within one message."""
    if not lines:
        return f"**{title}**: nothing was made."
    parts = [f"**{title}**: {_sum(lines)}"]
    members = _grouped(lines, lambda line: line.member_id)
    rows = [f"- {_who(member)}: {_sum(theirs)}" for member, theirs in members[:MOST_MEMBERS]]
    if len(members) > MOST_MEMBERS:
        rows.append(f"- and {len(members) - MOST_MEMBERS} more; the file has them all")
    parts.append("\n".join(["**Members**", *rows]))
    providers = _grouped(lines, lambda line: line.provider)
    parts.append("\n".join(["**Providers**", *(f"- {labels.get(name, name)}: {_sum(its)}" for name, its in providers)]))
    causes = _grouped([line for line in lines if line.failure], lambda line: line.failure or "")
    if causes:
        counts = (f"- {in_short(cause)}: {sum(line.jobs for line in its)}" for cause, its in causes)
        parts.append("\n".join(["**Without a video**", *counts]))
    return "\n\n".join(parts)


def csv_of(lines: Sequence[Line], labels: Mapping[str, str]) -> str:
    """Every line of the month, for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        charged = line.micros - line.unclear
        usd, estimated, if_charged = (f"{it / MICROS:.6f}" for it in (charged, charged - line.spent, line.unclear))
        label = labels.get(line.provider, line.provider)
        seconds = line.milliseconds / 1000
        what = [line.member_id or "", label, line.state, line.failure or "", line.jobs, f"{seconds:g}"]
        writer.writerow([*what, usd, estimated, line.unpriced, line.not_known, if_charged])
    return out.getvalue()


def _grouped(lines: Sequence[Line], key: Callable[[Line], K]) -> list[tuple[K, list[Line]]]:
    """The lines by key, the group with the most jobs first."""
    groups: defaultdict[K, list[Line]] = defaultdict(list)
    for line in lines:
        groups[key(line)].append(line)
    return sorted(groups.items(), key=lambda group: -sum(line.jobs for line in group[1]))


def _sum(lines: Sequence[Line]) -> str:
    jobs = sum(line.jobs for line in lines)
    made = sum(line.jobs for line in lines if line.state == "succeeded")
    seconds = sum(line.milliseconds for line in lines) / 1000
    return f"{made} of {_videos(jobs)} made, {seconds:g} s counted, {_money(lines)}"


def _money(lines: Sequence[Line]) -> str:
    """What was charged, how much of that is an estimate or not known at all, and what may have been charged."""
    charged, spent = sum(line.micros - line.unclear for line in lines), sum(line.spent for line in lines)
    told = _dollars(charged)
    if charged > spent:
        told += BY_PRICE_LISTS.format(amount=_dollars(charged - spent))
    if unpriced := sum(line.unpriced for line in lines):
        told += PRICE_NOT_KNOWN.format(videos=_videos(unpriced))
    if not_known := sum(line.not_known for line in lines):
        unclear = sum(line.unclear for line in lines)
        told += CHARGE_NOT_KNOWN.format(videos=_videos(not_known))
        told += IF_CHARGED.format(amount=_dollars(unclear)) if unclear else ""
    return told


def _dollars(micros: int) -> str:
    return dollars(Decimal(micros) / MICROS)


def _videos(count: int) -> str:
    return f"{count} video{'' if count == 1 else 's'}"


def _who(member_id: int) -> str:
    return f"<@{member_id}>" if member_id else "people who were forgotten"
