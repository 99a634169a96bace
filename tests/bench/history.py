"""What commands cost a bot that has run for a month, and one that has run for years: 10,000 and 1,000,000 jobs, half of
them of one server at the same pace, the other half of another one within weeks.

Measured is the least of several times, in ms, what the commits take included: how many years there were is to make no
difference.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from storage.engine.database import Database, Transaction
from storage.engine.sqlite import open_database
from storage.servers.limit_rules import Rule
from storage.servers.limits import DEFAULTS, put_rule
from storage.servers.quota import Claim
from tests.bench import Aim, Figures
from tests.bench.history_accepting import Accepting
from tests.bench.history_filled import ASKER, BUSY, DAY, LONG, MONTH, NOW, QUIET, RETENTION, fill

T = TypeVar("T")

HUGE = 10_000_000
MONTHS = [
    Rule(subject, 0, unit, "month", HUGE) for subject in ("everyone", "server") for unit in ("jobs", "seconds", "cents")
]
LIMITS = {
    "default limits": [Rule(one.subject, 0, one.unit, one.window, HUGE) for one in DEFAULTS],
    "at once": [Rule("server", 0, "active", "now", HUGE)],
    "six months'": MONTHS,
}
SLICE = "a slice of a sweep, nine of ten"
AT_LEAST = 0.2  # ms: what takes less counts as this
OPERATIONS = (
    *(f"accept, {limits}, {server}" for server in ("long", "busy") for limits in (*LIMITS, "a watched budget")),
    *("/lipsync usage", "/lipsync usage, busy", "/lipsync privacy", "report", "settle", "jobs of a quiet member"),
    *("jobs, cancelled", "jobs, finished", "jobs, under way", "cases to tell", "a moderator's reminder"),
    *("hourly sweep", "forgetting somebody"),
)


@dataclass(frozen=True)
class Size:
    """How many jobs each side has, and how often each operation is measured."""

    few: int
    many: int
    rounds: int


FULL = Size(few=10_000, many=1_000_000, rounds=15)


def _flat(operation: str) -> Callable[[Figures], float]:
    def ratio(figures: Figures) -> float:
        few, many = (max(figures[side][operation], AT_LEAST) for side in ("few", "many"))
        return many / few

    return ratio


def _ms(operation: str) -> Callable[[Figures], float]:
    return lambda figures: figures["many"][operation]


AIMS = (
    *(Aim(f"{operation}: many against few", _flat(operation), 1.5) for operation in OPERATIONS),
    *(Aim(f"{operation}, ms", _ms(operation), 3) for operation in OPERATIONS if operation.startswith("accept")),
    Aim(f"{SLICE}, ms", _ms(SLICE), 20),
)


async def main(size: Size = FULL) -> Figures:
    """Print both sides; the figures."""
    figures = {"few": await _measure(size.few, size.rounds), "many": await _measure(size.many, size.rounds)}
    print(f"\n{size.few} jobs (few) or {size.many} (many), ms (the least of {size.rounds})")
    print(f"{'':44} {'few':>8} {'many':>8}   against the baseline")
    for operation in figures["few"]:
        few, many = figures["few"][operation], figures["many"][operation]
        print(f"{operation:44} {few:8.2f} {many:8.2f}   {many / few:.2f}")
    return figures


async def _measure(jobs: int, rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        await asyncio.to_thread(fill, Path(folder, "bot.db"), jobs)
        async with open_database(Path(folder, "bot.db")) as database:
            measured = Measured(database, rounds)
            for name, guild_id in (("long", LONG), ("busy", BUSY)):
                await measured.accepting(name, guild_id)
            await measured.looking()
            await measured.forgetting()
            return measured.took


class Measured:
    """One side."""

    def __init__(self, database: Database, rounds: int) -> None:
        self._database = database
        self._rounds = rounds
        self._accepting = Accepting(database)
        self._stores = self._accepting.stores
        self.took: dict[str, float] = {}

    async def accepting(self, name: str, guild_id: int) -> None:
        """Commands that are accepted, under each kind of limits."""
        for kind, rules in LIMITS.items():
            await self._limit(guild_id, rules, log=None)
            await self._least(f"accept, {kind}, {name}", partial(self._accepting.accept, guild_id, ASKER))
        await self._limit(guild_id, MONTHS, log=9)
        await self._least(f"accept, a watched budget, {name}", partial(self._accepting.accept, guild_id, ASKER))

    async def looking(self) -> None:
        """What people have shown to them."""
        stores = self._stores
        for name, guild_id in (("/lipsync usage", LONG), ("/lipsync usage, busy", BUSY)):
            await self._least(name, partial(self._usage, guild_id))
        await self._least("/lipsync privacy", lambda: stores.privacy.about(ASKER))
        await self._least("report", lambda: stores.ledger.month(LONG, NOW - MONTH, NOW))
        await self._least("settle", lambda: stores.ledger.jobs(LONG, unsettled=True))
        await self._least("jobs of a quiet member", lambda: stores.ledger.jobs(LONG, member_id=QUIET))
        for name, states in {
            "cancelled": {"cancelled"},
            "finished": {"succeeded"},
            "under way": {"queued", "submitting", "running"},
        }.items():
            await self._least(f"jobs, {name}", partial(stores.ledger.jobs, LONG, states=frozenset(states)))
        await self._least("cases to tell", stores.cases.due)
        await self._least("a moderator's reminder", lambda: stores.cases.waiting(LONG, told=("person", "nobody")))

    async def forgetting(self) -> None:
        """What the bot forgets by itself, hour by hour, and what somebody asks it to."""
        privacy, hours, members = self._stores.privacy, count(1), count(ASKER + 1)
        await self._least("hourly sweep", lambda: self._sweep(RETENTION - next(hours) * 3600.0))
        await self._least("forgetting somebody", lambda: privacy.forget(next(members), now=NOW))
        slices, write = list[float](), self._database.write

        async def timed(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            written = await write(*given, **named)
            slices.append((time.perf_counter() - began) * 1000)
            return written

        self._database.write = timed  # type: ignore[method-assign]
        await self._sweep(RETENTION - 1.1 * DAY)  # as after a shorter retention was chosen
        self.took[SLICE] = statistics.quantiles(slices, n=10, method="inclusive")[8]

    async def _sweep(self, retention: float) -> None:
        await self._stores.privacy.sweep(now=NOW, older_than=NOW - retention, left_before=0.0)

    async def _usage(self, guild_id: int) -> None:
        claim = Claim(guild_id, ASKER)
        await self._stores.limits.standings(guild_id, claim, NOW)
        await self._stores.limits.pots(guild_id, claim, NOW)
        await self._stores.ledger.under_way(guild_id, QUIET)

    async def _limit(self, guild_id: int, rules: list[Rule], *, log: int | None) -> None:
        async def work(tx: Transaction) -> None:
            await tx.row("DELETE FROM rules WHERE guild_id = :guild_id", guild_id=guild_id)
            await tx.row("UPDATE guilds SET log_channel_id = :log WHERE id = :guild_id", guild_id=guild_id, log=log)
            for rule in rules:
                await put_rule(tx, guild_id, rule)

        await self._database.write(work, guild_id=guild_id)

    async def _least(self, name: str, operation: Callable[[], Awaitable[object]]) -> None:
        took = []
        for _ in range(self._rounds):
            began = time.perf_counter()
            await operation()
            took.append((time.perf_counter() - began) * 1000)
        self.took[name] = min(took)
