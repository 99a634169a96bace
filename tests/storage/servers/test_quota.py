"""What is used of a limit and what is left: to the millisecond, the millionth of a dollar and the second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from storage.engine.database import Database, Row
from storage.jobs.job import Job
from storage.servers.limit_rules import SCALE, WINDOWS, Rule, Unit, binding
from storage.servers.quota import Claim, OverLimit, Standing, check, left_of, pots, rules_of, standings
from tests.conftest import GUILD, MEMBER, OTHER_GUILD
from tests.storage.servers.test_limits import DAY, MOD, Counter
from tests.welcome import welcome

OTHER_MEMBER = MEMBER + 1
HOUR = 3600.0


@pytest.fixture
async def counter(database: Database) -> Counter:
    await welcome(database, GUILD)
    await welcome(database, OTHER_GUILD)
    return Counter(database)


async def standing(counter: Counter, now: float, **claimed: Any) -> Standing:
    """How the member stands under the one limit."""
    (one,) = await standings(counter.database, Claim(GUILD, MEMBER, **claimed), now)
    return one


async def grant(counter: Counter, amount: int, unit: Unit = "jobs", **about: Any) -> int:
    values = {"subject": "everyone", "subject_id": 0, "reason": "", "by": MOD, "now": 0.0, "until_at": DAY, **about}
    return (await counter.limits.give(GUILD, unit=unit, amount=amount, **values)).id


def test_windows_and_units_are_what_they_say() -> None:
    assert WINDOWS == {"hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000}
    assert SCALE == {"jobs": 1, "seconds": 1000, "cents": 10_000, "active": 1}
    claim = Claim(GUILD, MEMBER, active=1, jobs=2, milliseconds=3, micros=4)
    units: tuple[Unit, ...] = ("active", "jobs", "seconds", "cents")
    assert [claim.needs(unit) for unit in units] == [1, 2, 3, 4]
    assert {Claim(GUILD, MEMBER).needs(unit) for unit in units} == {0}


def test_nothing_is_left_of_a_limit_that_is_passed() -> None:
    rule = Rule("server", 0, "cents", "day", 5)
    assert [left_of(rule, used) for used in (0, 49_999, 50_000, 60_000)] == [50_000, 1, 0, 0]


def test_limits_of_other_roles_and_members_bind_nobody_else() -> None:
    role, own = Rule("role", 8, "jobs", "day", 1), Rule("member", MEMBER, "jobs", "day", 1)
    assert binding([role, own], OTHER_MEMBER, frozenset({9})) == []
    assert binding([role], 8, frozenset()) == []
    assert binding([own], OTHER_MEMBER, frozenset({MEMBER})) == []


def test_each_unit_and_window_has_its_own_most_special_limit() -> None:
    rules = [
        Rule("everyone", 0, "jobs", "day", 1), Rule("everyone", 0, "jobs", "week", 2),
        Rule("everyone", 0, "cents", "day", 3), Rule("role", 8, "jobs", "day", 4),
    ]  # fmt: skip
    assert binding(rules, MEMBER, frozenset({8})) == [rules[3], rules[1], rules[2]]


async def test_limits_are_listed_the_widest_first(counter: Counter) -> None:
    listed: list[tuple[Any, int, Any, Any]] = [
        ("server", 0, "cents", "day"), ("server", 0, "jobs", "day"), ("everyone", 0, "jobs", "day"),
        ("everyone", 0, "jobs", "week"), ("role", 5, "jobs", "day"), ("role", 6, "cents", "day"),
        ("member", 4, "jobs", "day"),
    ]  # fmt: skip
    for subject, subject_id, unit, window in reversed(listed):
        await counter.limit(subject, unit, window, 1, subject_id)
    await counter.limits.put(OTHER_GUILD, Rule("server", 0, "jobs", "hour", 1), by=MOD, now=0.0)
    found = await rules_of(counter.database, GUILD)
    assert [(rule.subject, rule.subject_id, rule.unit, rule.window) for rule in found] == listed


@pytest.mark.parametrize("subject", ["everyone", "server"])
@pytest.mark.parametrize(("unit", "counts"), [("seconds", "milliseconds"), ("cents", "micros")])
async def test_what_fits_exactly_is_taken_and_the_least_more_is_not(
    counter: Counter, subject: str, unit: Unit, counts: str
) -> None:
    await counter.limit(subject, unit, "day", 10)
    full = 10 * SCALE[unit]
    await counter.ended(0.0, **{counts: 4})
    await counter.ended(0.0, **{counts: full - 9})
    refused = await counter.refused(0.0, **{counts: 6})
    assert (refused.used, refused.left) == (full - 5, 5)
    await counter.ended(0.0, **{counts: 5})
    assert (await standing(counter, 1.0)).left == 0
    await counter.ended(0.0, **{counts: 0})


@pytest.mark.parametrize(("subject", "used"), [("everyone", 1), ("server", 2)])
async def test_what_others_use_counts_for_the_whole_server_only(counter: Counter, subject: str, used: int) -> None:
    await counter.limit(subject, "jobs", "day", 10)
    await counter.limit(subject, "active", "now", 10)
    await counter.job(0.0)
    await counter.job(0.0, member=OTHER_MEMBER)
    found = await standings(counter.database, Claim(GUILD, MEMBER), 1.0)
    assert {one.rule.unit: (one.used, one.left) for one in found} == {
        "jobs": (used, 10 - used),
        "active": (used, 10 - used),
    }
    assert {one.rule.unit: one.more_at for one in found} == {"jobs": DAY, "active": None}
    for one in found:
        await counter.limits.put(OTHER_GUILD, one.rule, by=MOD, now=0.0)
    elsewhere = await standings(counter.database, Claim(OTHER_GUILD, MEMBER), 1.0)
    assert [(one.used, one.more_at) for one in elsewhere] == [(0, None), (0, None)]


@pytest.mark.parametrize("subject", ["everyone", "server"])
async def test_a_job_leaves_its_window_to_the_second(counter: Counter, subject: str) -> None:
    await counter.limit(subject, "jobs", "hour", 1)
    await counter.ended(100.0)
    assert (await standing(counter, 99.0 + HOUR)).used == 1
    assert (await standing(counter, 100.0 + HOUR)).used == 0
    assert (await counter.refused(99.9 + HOUR)).more_at == 100.0 + HOUR
    await counter.ended(100.0 + HOUR)


@pytest.mark.parametrize(
    ("milliseconds", "more_at"),
    [
        (0, 100.0 + DAY),  # fits now: when the next one leaves
        (2000, 100.0 + DAY),
        (2001, 100.0 + DAY),
        (6000, 100.0 + DAY),
        (6001, 200.0 + DAY),
        (10_000, 200.0 + DAY),
        (10_001, None),  # never, under this limit
    ],
)
async def test_there_is_more_when_enough_has_left_the_window(
    counter: Counter, milliseconds: int, more_at: float | None
) -> None:
    await counter.limit("everyone", "seconds", "day", 10)
    await counter.ended(50.0, milliseconds=0)  # its leaving gives nothing back
    await counter.ended(100.0, milliseconds=4000)
    await counter.ended(200.0, milliseconds=4000)
    await counter.ended(60.0, milliseconds=9000, member=OTHER_MEMBER)
    assert (await standing(counter, 300.0, milliseconds=milliseconds)).more_at == more_at


async def test_where_nothing_is_used_nothing_becomes_more(counter: Counter) -> None:
    await counter.limit("everyone", "jobs", "day", 3)
    found = await standing(counter, 300.0)
    assert (found.used, found.left, found.more_at) == (0, 3, None)


async def test_a_members_pots_are_those_for_all_for_their_roles_and_for_themselves_the_first_to_end_first(
    counter: Counter,
) -> None:
    mine = [
        await grant(counter, 3, until_at=50.0),
        await grant(counter, 4, until_at=60.0, subject="role", subject_id=8),
        await grant(counter, 5, "seconds", until_at=60.0, subject="member", subject_id=MEMBER),
    ]
    await grant(counter, 1, subject="role", subject_id=9)
    await grant(counter, 1, subject="member", subject_id=OTHER_MEMBER)
    await grant(counter, 1, subject="member", subject_id=8)
    await grant(counter, 1, until_at=40.0)
    await grant(counter, 1, subject="role", subject_id=MEMBER)
    claim = Claim(GUILD, MEMBER, frozenset({8}))
    found = await pots(counter.database, claim, 40.0)
    assert [(pot.grant.id, pot.left) for pot in found] == list(zip(mine, (3, 4, 5000), strict=True))
    assert await pots(counter.database, Claim(OTHER_GUILD, MEMBER, frozenset({8})), 40.0) == []


async def grants_of(counter: Counter, job: Job[str]) -> list[int]:
    rows = await counter.database.rows("SELECT grant_id FROM job_grants WHERE job_id = :id ORDER BY 1", id=job.id)
    return [row["grant_id"] for row in rows]


async def test_one_grant_carries_a_job_over_all_limits_of_its_unit_and_counts_once(counter: Counter) -> None:
    await counter.limit("everyone", "jobs", "day", 0)
    await counter.limit("everyone", "jobs", "week", 0)
    await counter.limit("everyone", "seconds", "day", 0)
    jobs, seconds = await grant(counter, 2), await grant(counter, 10, "seconds")
    job = await counter.ended(1.0, milliseconds=4000)
    assert await grants_of(counter, job) == [jobs, seconds]
    claim = Claim(GUILD, MEMBER, jobs=1, milliseconds=6000)
    assert [(pot.grant.unit, pot.left) for pot in await pots(counter.database, claim, 2.0)] == [
        ("jobs", 1),
        ("seconds", 6000),
    ]
    assert await check(counter.database, claim, 2.0) == {"jobs": jobs, "seconds": seconds}
    with pytest.raises(OverLimit) as over:
        await check(counter.database, Claim(GUILD, MEMBER, jobs=1, milliseconds=6001), 2.0)
    assert (over.value.standing.rule.unit, over.value.claim.milliseconds) == ("seconds", 6001)


async def test_a_job_that_fits_needs_no_grant(counter: Counter) -> None:
    await counter.limit("everyone", "jobs", "day", 1)
    await grant(counter, 5)
    assert await grants_of(counter, await counter.ended(1.0)) == []


async def test_a_held_job_needs_its_grant_when_it_is_let_go_and_not_before(counter: Counter) -> None:
    await counter.limit("everyone", "jobs", "day", 0)
    number = await grant(counter, 1)
    held = await counter.job(1.0, held=True)
    assert await grants_of(counter, held) == []
    await counter.jobs.move(held, "queued", by=MOD, now=5.0)
    assert await grants_of(counter, held) == [number]
    await counter.refused(6.0)


async def test_a_grant_that_is_too_small_is_passed_over_for_the_next(counter: Counter) -> None:
    await counter.limit("everyone", "cents", "day", 0)
    await grant(counter, 4, "cents", until_at=50.0)
    enough = await grant(counter, 5, "cents", until_at=60.0)
    assert await grants_of(counter, await counter.ended(1.0, micros=50_000)) == [enough]


async def test_a_grant_in_one_unit_frees_nothing_in_another(counter: Counter) -> None:
    await counter.limit("everyone", "jobs", "day", 0)
    await counter.limit("everyone", "seconds", "day", 5)
    await grant(counter, 9, "jobs")
    await counter.ended(1.0, milliseconds=4000)
    refused = await counter.refused(2.0, milliseconds=2000)
    assert (refused.rule.unit, refused.used) == ("seconds", 4000)


async def test_no_grant_carries_a_job_over_a_limit_of_the_whole_server(counter: Counter) -> None:
    await counter.limit("server", "jobs", "day", 0)
    await grant(counter, 9)
    assert (await counter.refused(1.0)).rule.subject == "server"


async def test_a_grant_for_one_unit_does_not_let_a_server_limit_of_that_unit_pass(counter: Counter) -> None:
    await counter.limit("everyone", "jobs", "day", 0)
    await counter.limit("server", "jobs", "day", 1)
    await grant(counter, 9)
    await counter.ended(1.0)
    assert (await counter.refused(2.0)).rule.subject == "server"


async def test_thousands_of_grants_take_no_more_questions_than_one(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, asked = Claim(GUILD, MEMBER, jobs=1), list[str]()
    await counter.limit("everyone", "jobs", "day", 5)
    for _ in range(50):
        await grant(counter, 1)
    ask = counter.database.rows

    async def counted(sql: str, **parameters: object) -> Sequence[Row]:
        asked.append(sql)
        return await ask(sql, **parameters)

    monkeypatch.setattr(counter.database, "rows", counted)
    assert await check(counter.database, claim, 2.0) == {}
    assert not any("grants" in sql and "FROM usage" not in sql for sql in asked)  # it fits without them
    asked.clear()
    assert len(await pots(counter.database, claim, 2.0)) == 50
    assert len(asked) == 2
