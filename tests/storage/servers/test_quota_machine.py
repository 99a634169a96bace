"""Usage by rows against an independent model: whatever happens in whatever order, they agree, and no limit is passed.

The model keeps a list of plain records and counts them again each time, in its own way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from storage.jobs.job import Job, NewJob, Position
from storage.jobs.job_events import Stale
from storage.servers.limit_rules import Rule
from storage.servers.limits import LimitStore
from storage.servers.quota import Claim, OverLimit
from tests.conftest import GUILD
from tests.storage.engines import Engine, Fresh
from tests.storage.plain import plain_corrections, plain_jobs
from tests.welcome import welcome

MEMBERS = {1: frozenset({11}), 2: frozenset({11, 12}), 3: frozenset[int]()}
HOUR = 3600.0
SPANS = {"hour": HOUR, "day": 24 * HOUR, "week": 168 * HOUR, "month": 720 * HOUR}
SMALL = {"jobs": 1, "seconds": 1000, "cents": 10_000}  # of the unit in which the rows count
SUBJECTS = [
    ("everyone", 0),
    ("server", 0),
    *(("role", role) for role in (11, 12)),
    *(("member", one) for one in (1, 2)),
]

subjects = st.sampled_from(SUBJECTS)
units = st.sampled_from(["jobs", "seconds", "cents"])
windows = st.sampled_from(["hour", "day", "day", "month"])


@dataclass
class Record:
    """A job as the model sees it."""

    job: Job[str]
    member: int
    at: float | None  # since when it counts
    seconds: int
    cents: float
    refunded: bool = False
    carried: set[int] = field(default_factory=set)  # the numbers of the grants that carry it
    open: bool = True


@dataclass
class Gift:
    """A grant as the model sees it."""

    number: int
    subject: tuple[str, int]
    unit: str
    amount: int
    until: float


class Model:
    """What should be, by counting a list."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.rules: dict[tuple[tuple[Any, int], Any, Any], int] = {}
        self.gifts: list[Gift] = []

    def binding(self, member: int) -> Iterator[tuple[bool, str, str, int]]:
        """(personal, unit, window, most) of what binds the member."""
        for unit in ("jobs", "seconds", "cents", "active"):
            for window in (*SPANS, "now"):
                own = self.rules.get((("member", member), unit, window))
                roles = [self.rules.get((("role", role), unit, window)) for role in MEMBERS[member]]
                best = max((most for most in roles if most is not None), default=None)
                everyone = self.rules.get((("everyone", 0), unit, window))
                personal = next((most for most in (own, best, everyone) if most is not None), None)
                if personal is not None:
                    yield True, unit, window, personal
                whole = self.rules.get((("server", 0), unit, window))
                if whole is not None:
                    yield False, unit, window, whole

    def used(self, member: int, unit: str, window: str, now: float, *, personal: bool) -> float:
        total = 0.0
        gifts = {gift.number: gift for gift in self.gifts}
        for record in self.records:
            if personal and record.member != member:
                continue
            if unit == "active":
                total += record.open
                continue
            if record.at is None or record.at <= now - SPANS[window]:
                continue
            if personal and (record.refunded or any(gifts[number].unit == unit for number in record.carried)):
                continue
            total += amount(record, unit)
        return total

    def grants_needed(self, member: int, wanted: dict[str, float], now: float) -> set[int] | None:
        """The grants that let it pass; None when it may not."""
        needed: dict[str, int] = {}
        for personal, unit, window, most in self.binding(member):
            left = max(0.0, most - self.used(member, unit, window, now, personal=personal))
            fits = wanted[unit] <= left + 1e-9  # what needs nothing fits even where too much is used
            if fits or (personal and unit in needed):
                continue
            gift = next(
                (g for g in self.gifts_of(member, now) if personal and self.carries(g, member, unit, wanted)), None
            )
            if gift is None:
                return None
            needed[unit] = gift.number
        return set(needed.values())

    def gifts_of(self, member: int, now: float) -> list[Gift]:
        mine = {("everyone", 0), ("member", member), *(("role", role) for role in MEMBERS[member])}
        found = [gift for gift in self.gifts if gift.until > now and gift.subject in mine]
        return sorted(found, key=lambda gift: (gift.until, gift.number))

    def carries(self, gift: Gift, member: int, unit: str, wanted: dict[str, float]) -> bool:
        spent = sum(
            amount(record, unit)
            for record in self.records
            if record.member == member
            and gift.number in record.carried
            and record.at is not None
            and not record.refunded
        )
        return gift.unit == unit and spent + wanted[unit] <= gift.amount + 1e-9


def amount(record: Record, unit: str) -> float:
    return {"jobs": 1.0, "seconds": float(record.seconds), "cents": record.cents}[unit]


class Quotas(RuleBasedStateMachine):
    """Both worlds, side by side."""

    running = Bundle("running")
    ended = Bundle("ended")

    def __init__(self, fresh: Fresh) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.opened = fresh()
        database = self.run(self.opened.__aenter__())
        self.run(welcome(database, GUILD))
        self.database, self.jobs = database, plain_jobs(database)
        self.limits, self.corrections = LimitStore(database), plain_corrections(database)
        self.model, self.now, self.number = Model(), 1_000_000.0, 0

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.opened.__aexit__(None, None, None))
        self.loop.close()

    @initialize()
    def begin_as_servers_do(self) -> None:
        """A small limit and a grant on top of it, so that both are met at once."""
        self.set_limit(("everyone", 0), "jobs", "day", 2)
        self.set_limit(("server", 0), "jobs", "day", 7)
        self.grant(("everyone", 0), "jobs", 2, 24.0)

    @rule(subject=subjects, unit=units, window=windows, most=st.integers(0, 12))
    def set_limit(self, subject: tuple[Any, int], unit: Any, window: Any, most: int) -> None:
        self.run(self.limits.put(GUILD, Rule(*subject, unit, window, most), by=9, now=self.now))
        self.model.rules[subject, unit, window] = most

    @rule(subject=subjects, most=st.integers(1, 3))
    def set_active_limit(self, subject: tuple[Any, int], most: int) -> None:
        self.run(self.limits.put(GUILD, Rule(*subject, "active", "now", most), by=9, now=self.now))
        self.model.rules[subject, "active", "now"] = most

    @precondition(lambda self: self.model.rules)
    @rule(data=st.data())
    def take_limit_away(self, data: st.DataObject) -> None:
        subject, unit, window = data.draw(st.sampled_from(sorted(self.model.rules)))
        removed = self.run(self.limits.remove(GUILD, subject[0], subject[1], unit, window, by=9, now=self.now))
        assert removed.most == self.model.rules.pop((subject, unit, window))

    @rule(subject=subjects.filter(lambda one: one[0] != "server"), unit=units, much=st.integers(1, 6),
          lasting=st.sampled_from([1.0, 24.0, 100.0]))  # fmt: skip
    def grant(self, subject: tuple[Any, int], unit: Any, much: int, lasting: float) -> None:
        until = self.now + lasting * HOUR
        given = self.run(
            self.limits.give(GUILD, subject=subject[0], subject_id=subject[1], unit=unit, amount=much, reason="party",
                             by=9, now=self.now, until_at=until)
        )  # fmt: skip
        self.model.gifts.append(Gift(given.id, subject, unit, much, until))

    @rule(target=running, member=st.sampled_from(sorted(MEMBERS)), seconds=st.integers(0, 5), cents=st.integers(0, 40),
          held=st.booleans())  # fmt: skip
    def enqueue(self, member: int, seconds: int, cents: int, held: bool) -> Record | None:
        self.number += 1
        tenths = cents / 10
        new = NewJob(
            guild_id=GUILD, interaction_id=self.number, member_id=member, role_ids=MEMBERS[member], channel_id=1,
            provider="runcomfy", request="{}", position=Position("text"), milliseconds=seconds * 1000,
            micros=cents * 1000, created_at=self.now, deadline_at=self.now + HOUR,
        )  # fmt: skip
        wanted = {"jobs": 1.0, "seconds": float(seconds), "cents": tenths, "active": 1.0}
        expected = self.model.grants_needed(member, wanted, self.now)
        try:
            enqueued = self.run(self.jobs.enqueue(new, held=held))
        except OverLimit:
            assert expected is None
            return None
        assert expected is not None
        claim = Claim(GUILD, member, MEMBERS[member])
        assert enqueued.standings == self.run(self.limits.standings(GUILD, claim, self.now))
        job = enqueued.job
        record = Record(job, member, None if held else self.now, seconds, tenths, carried=set() if held else expected)
        self.model.records.append(record)
        return record

    @rule(record=running)
    def approve(self, record: Record | None) -> None:
        if record is None or record.job.state != "held":
            return
        wanted = {"jobs": 1.0, "seconds": float(record.seconds), "cents": record.cents, "active": 0.0}
        expected = self.model.grants_needed(record.member, wanted, self.now)
        try:
            record.job = self.run(self.jobs.move(record.job, "queued", by=9, now=self.now, deadline_at=self.now + HOUR))
        except OverLimit:
            assert expected is None
            return
        assert expected is not None
        record.at, record.carried = self.now, expected

    @rule(target=ended, record=consumes(running), cost=st.none() | st.integers(1, 60))
    def finish(self, record: Record | None, cost: int | None) -> Record | None:
        if record is None or record.job.state != "queued":
            return record
        record.job = self.run(self.jobs.move(record.job, "submitting", now=self.now, handle="h"))
        known: dict[str, Any] = {} if cost is None else {"cost_usd": Decimal(cost) / 1000, "micros": cost * 1000}
        record.job = self.run(self.jobs.move(record.job, "succeeded", now=self.now, **known))
        record.cents = record.cents if cost is None else cost / 10
        record.open = False
        return record

    @rule(target=ended, record=consumes(running), free=st.booleans(), state=st.sampled_from(["failed", "cancelled"]))
    def end_without_video(self, record: Record | None, free: bool, state: Any) -> Record | None:
        if record is None or record.job.state not in {"held", "queued"}:
            return record
        changes: dict[str, Any] = {"counted_at": None} if free or record.job.state == "held" else {}
        record.job = self.run(self.jobs.move(record.job, state, now=self.now, failure="cancelled", **changes))
        record.at = None if changes else record.at
        record.open = False
        return record

    @rule(target=ended, record=consumes(running))
    def lose(self, record: Record | None) -> Record | None:
        if record is None or record.job.state != "queued":
            return record
        record.job = self.run(self.jobs.move(record.job, "submitting", now=self.now, handle="h"))
        record.job = self.run(self.jobs.move(record.job, "unknown", now=self.now, failure="unknown_outcome"))
        record.open = False
        return record

    @rule(record=ended, charged=st.booleans())
    def settle(self, record: Record | None, charged: bool) -> None:
        if record is None:
            return
        open_question = record.job.state == "unknown" and record.job.settled_at is None
        try:
            record.job = self.run(self.corrections.settle(record.job, charged=charged, by=9, now=self.now))
        except Stale:
            assert not open_question
            return
        assert open_question
        record.at = record.at if charged else None

    @rule(record=st.one_of(running, ended))
    def refund(self, record: Record | None) -> None:
        if record is None:
            return
        try:
            self.run(self.corrections.refund(record.job, by=9, now=self.now))
        except Stale:
            assert record.at is None or record.refunded
            return
        assert record.at is not None
        assert not record.refunded
        record.refunded = True

    @rule(hours=st.sampled_from([0.25, 1.0, 1.0, 12.0, 24.0, 300.0]))
    def time_passes(self, hours: float) -> None:
        self.now += hours * HOUR

    @invariant()
    def sums_by_the_hour_never_drift(self) -> None:
        sums = "SELECT hour, jobs, milliseconds, micros FROM usage_hours WHERE jobs <> 0 ORDER BY hour"
        rows = """SELECT CAST(floor(counted_at / 3600) AS INTEGER) AS hour, count(*) AS jobs,
                    sum(milliseconds) AS milliseconds, sum(micros) AS micros
                  FROM jobs WHERE counted_at IS NOT NULL GROUP BY 1 ORDER BY 1"""
        found, expected = (self.run(self.database.rows(sql)) for sql in (sums, rows))
        assert [tuple(row) for row in found] == [tuple(row) for row in expected]

    @invariant()
    def usage_by_rows_is_what_the_model_counts(self) -> None:
        for member, roles in MEMBERS.items():
            standings = self.run(self.limits.standings(GUILD, Claim(GUILD, member, roles), self.now))
            found = sorted(
                (one.rule.subject != "server", one.rule.unit, one.rule.window, one.rule.most,
                 round(one.used / SMALL.get(one.rule.unit, 1), 6))
                for one in standings
            )  # fmt: skip
            expected = sorted(
                (
                    personal,
                    unit,
                    window,
                    most,
                    round(self.model.used(member, unit, window, self.now, personal=personal), 6),
                )
                for personal, unit, window, most in self.model.binding(member)
            )
            assert found == expected


EXAMPLES: Mapping[Engine, int] = {"sqlite": 60, "postgres": 20}


def test_what_is_counted_is_what_a_list_would_count(engine: Engine, fresh: Fresh) -> None:
    run_state_machine_as_test(
        lambda: Quotas(fresh),  # type: ignore[arg-type] # whatever makes one
        settings=settings(
            max_examples=EXAMPLES[engine], stateful_step_count=40, deadline=None, derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )  # fmt: skip


async def test_fifty_commands_at_once_with_three_left_take_exactly_three(fresh: Fresh) -> None:
    async with fresh() as database:
        await welcome(database, GUILD)
        limits, jobs = LimitStore(database), plain_jobs(database)
        for unit, most in (("jobs", 3), ("seconds", 1000), ("cents", 1000)):
            await limits.put(GUILD, Rule("everyone", 0, unit, "day", most), by=9, now=0.0)  # type: ignore[arg-type]

        async def one(number: int) -> bool:
            new = NewJob(
                guild_id=GUILD, interaction_id=number, member_id=1, channel_id=1, provider="p", request="{}",
                position=Position("s"), milliseconds=5000, micros=140_000, created_at=1.0, deadline_at=2.0,
            )  # fmt: skip
            try:
                await jobs.enqueue(new)
            except OverLimit:
                return False
            return True

        assert sum(await asyncio.gather(*(one(number) for number in range(50)))) == 3
