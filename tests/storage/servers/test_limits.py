"""Limits and grants, case by case: what binds whom, what is left, and when there is more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storage.engine.database import Database
from storage.jobs.job import Job, NewJob, Position
from storage.jobs.job_events import Stale
from storage.servers.guilds import Guilds
from storage.servers.limit_rules import Rule, binding
from storage.servers.limits import DEFAULTS, LimitStore
from storage.servers.log_entries import LogEntries
from storage.servers.quota import Claim, OverLimit, Standing
from tests.conftest import GUILD, MEMBER, OTHER_GUILD
from tests.storage.plain import plain_corrections, plain_jobs
from tests.welcome import welcome

DAY = 86_400.0
MOD = 9


class Counter:
    """The stores, and shorthands."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.jobs, self.limits = plain_jobs(database), LimitStore(database)
        self.corrections = plain_corrections(database)
        self.number = 0

    async def limit(self, subject: Any, unit: Any, window: Any, most: int, subject_id: int = 0) -> None:
        await self.limits.put(GUILD, Rule(subject, subject_id, unit, window, most), by=MOD, now=0.0)

    async def grant(self, amount: int, *, until: float, subject: Any = "everyone", subject_id: int = 0) -> int:
        given = await self.limits.give(
            GUILD, subject=subject, subject_id=subject_id, unit="jobs", amount=amount, reason="movie night", by=MOD,
            now=0.0, until_at=until,
        )  # fmt: skip
        return given.id

    async def job(
        self, at: float = 0.0, *, member: int = MEMBER, roles: Any = (), held: bool = False, **counts: Any
    ) -> Job[str]:
        self.number += 1
        new = NewJob(
            guild_id=GUILD, interaction_id=self.number, member_id=member, role_ids=frozenset(roles), channel_id=1,
            provider="runcomfy", request="{}", position=Position("text"), created_at=at, deadline_at=at + 60, **counts,
        )  # fmt: skip
        return (await self.jobs.enqueue(new, held=held)).job

    async def ended(self, at: float = 0.0, **more: Any) -> Job[str]:
        job = await self.jobs.move(await self.job(at, **more), "submitting", now=at, handle="h")
        return await self.jobs.move(job, "succeeded", now=at)

    async def refused(self, at: float = 0.0, **more: Any) -> Standing:
        with pytest.raises(OverLimit) as refused:
            await self.job(at, **more)
        return refused.value.standing


@pytest.fixture
async def counter(database: Database) -> Counter:
    await welcome(database, GUILD)
    return Counter(database)


async def test_a_new_server_begins_with_limits_that_cant_empty_an_account(database: Database) -> None:
    await Guilds(database).join(OTHER_GUILD, 0.0)
    assert set(await LimitStore(database).rules(OTHER_GUILD)) == set(DEFAULTS)
    assert {(rule.subject, rule.unit, rule.window, rule.most) for rule in DEFAULTS} == {
        ("everyone", "jobs", "day", 3), ("everyone", "active", "now", 1), ("server", "jobs", "day", 30),
    }  # fmt: skip


async def test_limits_that_were_taken_away_dont_come_back_with_the_next_start(database: Database) -> None:
    await welcome(database, GUILD)
    await Guilds(database).join(GUILD, 5.0)
    await Guilds(database).leave(GUILD, 6.0)
    await Guilds(database).join(GUILD, 7.0)
    assert await LimitStore(database).rules(GUILD) == []


def test_own_beats_role_beats_everyone_and_the_most_generous_role_counts() -> None:
    everyone, low, high = (
        Rule("everyone", 0, "jobs", "day", 50), Rule("role", 1, "jobs", "day", 5), Rule("role", 2, "jobs", "day", 15),
    )  # fmt: skip
    own, server = Rule("member", MEMBER, "jobs", "day", 1), Rule("server", 0, "jobs", "day", 9)
    rules = [own, high, low, everyone, server]
    assert binding(rules, MEMBER, frozenset({1, 2})) == [own, server]
    assert binding(rules, 7, frozenset({1, 2})) == [high, server]
    assert binding(rules, 7, frozenset({1})) == [low, server]
    assert binding(rules, 7, frozenset()) == [everyone, server]
    assert binding(rules[::-1], MEMBER, frozenset({1, 2})) == [own, server]


async def test_a_window_rolls_and_says_when_there_is_more(counter: Counter) -> None:
    await counter.limit("everyone", "jobs", "day", 2)
    await counter.ended(100.0)
    await counter.ended(200.0)
    standing = await counter.refused(300.0)
    assert (standing.used, standing.left, standing.more_at) == (2, 0, 100.0 + DAY)
    await counter.ended(100.0 + DAY)
    assert (await counter.refused(199.0 + DAY)).more_at == 200.0 + DAY


async def test_more_at_is_when_enough_for_this_job_is_free_again(counter: Counter) -> None:
    await counter.limit("everyone", "seconds", "day", 10)
    for at in (0.0, 10.0, 20.0):
        await counter.ended(at, milliseconds=3000)
    assert (await counter.refused(30.0, milliseconds=6500)).more_at == 10.0 + DAY
    assert (await counter.refused(30.0, milliseconds=10_001)).more_at is None
    await counter.ended(30.0, milliseconds=1000)


async def test_the_servers_limit_holds_for_everybody_together(counter: Counter) -> None:
    await counter.limit("server", "jobs", "day", 2)
    await counter.limit("member", "jobs", "day", 50, subject_id=MEMBER)
    await counter.ended(member=1)
    await counter.ended(member=2)
    assert (await counter.refused()).rule.subject == "server"
    await counter.grant(5, until=DAY)
    assert (await counter.refused()).rule.subject == "server"


async def test_what_is_under_way_at_once_is_limited_until_it_ends(counter: Counter) -> None:
    await counter.limit("everyone", "active", "now", 1)
    first = await counter.job()
    assert (await counter.refused()).rule.unit == "active"
    await counter.jobs.move(first, "cancelled", now=1.0, failure="cancelled", counted_at=None)
    await counter.job()


async def test_a_held_job_counts_as_under_way_only_and_is_checked_again_when_approved(counter: Counter) -> None:
    await counter.limit("everyone", "active", "now", 1)
    await counter.limit("everyone", "jobs", "day", 1)
    held = await counter.job(held=True)
    assert (await counter.refused()).rule.unit == "active"
    assert [one.used for one in await counter.limits.standings(GUILD, Claim(GUILD, MEMBER), 1.0)] == [1, 0]
    approved = await counter.jobs.move(held, "queued", by=MOD, now=5.0, deadline_at=99.0)
    assert (approved.state, approved.counted_at, approved.deadline_at) == ("queued", 5.0, 99.0)
    await counter.limit("everyone", "active", "now", 5)
    with pytest.raises(OverLimit):
        await counter.jobs.enqueue(NewJob(
            guild_id=GUILD, interaction_id=77, member_id=MEMBER, channel_id=1, provider="p", request="{}",
            position=Position("s"), created_at=6.0, deadline_at=7.0,
        ), held=True)  # fmt: skip


async def test_a_grant_is_used_once_the_members_own_limit_is(counter: Counter) -> None:
    await counter.limit("everyone", "jobs", "day", 1)
    await counter.grant(2, until=DAY)
    for _ in range(3):
        await counter.ended(10.0)
    await counter.refused(10.0)
    assert [pot.left for pot in await counter.limits.pots(GUILD, Claim(GUILD, MEMBER), 10.0)] == [0]
    await counter.ended(10.0, member=2)  # everybody has one of their own
    assert (await counter.limits.standings(GUILD, Claim(GUILD, MEMBER), 10.0))[0].used == 1


async def test_a_grant_ends_with_its_time_to_the_second(counter: Counter) -> None:
    await counter.limit("everyone", "jobs", "hour", 0)
    await counter.grant(5, until=100.0)
    await counter.ended(99.9)
    await counter.refused(100.0)


async def test_a_grant_ended_early_gives_nothing_any_more(counter: Counter) -> None:
    await counter.limit("everyone", "jobs", "hour", 0)
    number = await counter.grant(5, until=1000.0)
    assert not await counter.limits.end_grant(OTHER_GUILD, number, by=MOD, now=5.0)
    assert await counter.limits.end_grant(GUILD, number, by=MOD, now=5.0)
    assert not await counter.limits.end_grant(GUILD, number, by=MOD, now=5.0)
    await counter.refused(6.0)


async def test_what_is_given_back_is_free_for_the_member_and_their_grant_and_counts_for_the_server(
    counter: Counter,
) -> None:
    await counter.limit("everyone", "jobs", "day", 1)
    await counter.limit("server", "jobs", "day", 5)
    await counter.grant(1, until=DAY)
    own, granted = await counter.ended(), await counter.ended()
    await counter.refused()
    for job in (own, granted):
        await counter.corrections.refund(job, by=MOD, now=1.0)
    await counter.ended()
    await counter.ended()
    standings = await counter.limits.standings(GUILD, Claim(GUILD, MEMBER), 2.0)
    assert {one.rule.subject: one.used for one in standings} == {"everyone": 1, "server": 4}


@pytest.mark.parametrize(("charged", "used"), [(True, 1), (False, 0)])
async def test_an_unknown_outcome_counts_until_it_is_settled(counter: Counter, charged: bool, used: int) -> None:
    await counter.limit("everyone", "jobs", "day", 1)
    job = await counter.jobs.move(await counter.job(), "submitting", now=1.0, handle="h")
    job = await counter.jobs.move(job, "unknown", now=2.0, failure="unknown_outcome")
    await counter.refused()
    settled = await counter.corrections.settle(job, charged=charged, by=MOD, now=3.0)
    assert settled.settled_at == 3.0
    assert (await counter.limits.standings(GUILD, Claim(GUILD, MEMBER), 4.0))[0].used == used


async def test_real_cost_takes_the_place_of_the_price(counter: Counter) -> None:
    await counter.limit("server", "cents", "month", 100)
    job = await counter.jobs.move(await counter.job(micros=140_000), "submitting", now=1.0, handle="h")
    await counter.jobs.move(job, "succeeded", now=2.0, micros=90_000)
    assert (await counter.limits.standings(GUILD, Claim(GUILD, MEMBER), 4.0))[0].used == 90_000


async def alerts(counter: Counter) -> list[dict[str, str]]:
    rows = await counter.database.rows("SELECT facts FROM log_entries WHERE kind = 'budget' ORDER BY id")
    return [json.loads(row["facts"]) for row in rows]


async def test_moderators_are_told_at_50_80_and_100_percent_once_per_window(counter: Counter) -> None:
    await Guilds(counter.database).log_to(GUILD, 55, by=MOD, now=0.0)
    await counter.limit("server", "jobs", "day", 10)
    for number in range(10):
        await counter.ended(number * 1000.0)
    assert [told["percent"] for told in await alerts(counter)] == ["50", "80", "100"]
    await counter.ended(DAY + 1.0)
    await counter.ended(DAY + 1001.0)
    assert len(await alerts(counter)) == 3  # still the same window for each of them
    await counter.ended(DAY + 4500.0)
    assert len(await alerts(counter)) == 3  # half was told of long ago, but 80 percent is what is used
    for number in range(5):
        await counter.ended(2 * DAY + 5000.0 + number)
    assert [told["percent"] for told in await alerts(counter)][3:] == ["50"]


async def test_the_forecast_says_when_the_limit_is_used_up_or_that_it_lasts(counter: Counter) -> None:
    await Guilds(counter.database).log_to(GUILD, 55, by=MOD, now=0.0)
    await counter.limit("server", "jobs", "day", 10)
    for number in range(5):
        await counter.ended(number * 1000.0)
    (fast,) = await alerts(counter)
    assert float(fast["used_up_at"]) == pytest.approx(8000.0)  # 5 in 4,000 s, so 5 more in 4,000 s
    await counter.limit("server", "jobs", "day", 14)
    await counter.ended(DAY - 500.0)
    await counter.ended(DAY - 400.0)
    assert (await alerts(counter))[-1]["used_up_at"] == ""  # the first leave the window earlier


async def test_a_new_number_is_told_of_anew(counter: Counter) -> None:
    await Guilds(counter.database).log_to(GUILD, 55, by=MOD, now=0.0)
    await counter.limit("server", "jobs", "day", 2)
    await counter.ended()
    await counter.limit("server", "jobs", "day", 4)
    await counter.ended(1.0)
    assert [told["percent"] for told in await alerts(counter)] == ["50", "50"]


async def test_without_a_log_channel_nothing_is_written_to_the_log(counter: Counter) -> None:
    await counter.limit("server", "jobs", "day", 1)
    await counter.ended()
    assert await LogEntries(counter.database).waiting() == []
    await counter.limit("server", "jobs", "day", 5)
    await counter.job(held=True)
    assert await LogEntries(counter.database).waiting() == []


async def test_grants_are_listed_while_they_last_the_first_to_end_first(counter: Counter) -> None:
    late, early = await counter.grant(1, until=200.0), await counter.grant(2, until=100.0)
    assert [(grant.id, grant.amount) for grant in await counter.limits.grants(GUILD, 99.0)] == [(early, 2), (late, 1)]
    assert [grant.id for grant in await counter.limits.grants(GUILD, 100.0)] == [late]
    assert await counter.limits.grants(OTHER_GUILD, 99.0) == []


async def test_every_write_about_limits_names_its_server(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    transact, named = counter.database._transact, list[int | None]()

    async def noting(work: Any, guild_id: int | None) -> Any:
        named.append(guild_id)
        return await transact(work, guild_id)

    monkeypatch.setattr(counter.database, "_transact", noting)
    await counter.limit("role", "jobs", "day", 4, subject_id=8)
    await counter.limits.remove(GUILD, "role", 8, "jobs", "day", by=7, now=1.0)
    await counter.limits.end_grant(GUILD, await counter.grant(2, until=DAY), by=7, now=2.0)
    assert named == [GUILD] * 4


async def logged(counter: Counter) -> list[tuple[str, int | None, int | None, dict[str, str]]]:
    """What was told in the log since it was set, oldest first: kind, by whom, which job, and the facts."""
    entries = [entry for entry in await LogEntries(counter.database).waiting() if entry.kind != "log_set"]
    return [(entry.kind, entry.actor_id, entry.job_id, dict(entry.facts)) for entry in entries]


async def test_whoever_changes_a_limit_or_a_grant_stands_in_the_log_with_what_it_was(counter: Counter) -> None:
    await Guilds(counter.database).log_to(GUILD, 55, by=MOD, now=0.0)
    await counter.limit("role", "jobs", "day", 4, subject_id=8)
    await counter.limits.remove(GUILD, "role", 8, "jobs", "day", by=7, now=1.0)
    number = await counter.grant(2, until=DAY, subject="member", subject_id=MEMBER)
    await counter.limits.end_grant(GUILD, number, by=7, now=2.0)
    rule = {"subject": "role", "subject_id": "8", "unit": "jobs", "window": "day", "most": "4"}
    grant = {"subject": "member", "subject_id": str(MEMBER), "unit": "jobs", "amount": "2", "reason": "movie night"}
    assert await logged(counter) == [
        ("rule_set", MOD, None, rule),
        ("rule_removed", 7, None, rule),
        ("grant_given", MOD, None, {**grant, "until_at": str(DAY)}),
        ("grant_ended", 7, None, grant),
    ]


async def test_whoever_puts_a_job_right_stands_in_the_log(counter: Counter) -> None:
    back = await counter.ended()
    unknown = []
    for _ in range(2):
        sent = await counter.jobs.move(await counter.job(), "submitting", now=1.0, handle="h")
        unknown.append(await counter.jobs.move(sent, "unknown", now=2.0, failure="unknown_outcome"))
    await Guilds(counter.database).log_to(GUILD, 55, by=MOD, now=0.0)
    await counter.corrections.refund(back, by=6, now=3.0)
    await counter.corrections.settle(unknown[0], charged=True, by=7, now=4.0)
    await counter.corrections.settle(unknown[1], charged=False, by=8, now=5.0)
    assert await logged(counter) == [
        ("refunded", 6, back.id, {}),
        ("settled_charged", 7, unknown[0].id, {}),
        ("settled_free", 8, unknown[1].id, {}),
    ]


async def test_what_is_put_right_already_is_not_put_right_again(counter: Counter) -> None:
    await Guilds(counter.database).log_to(GUILD, 55, by=MOD, now=0.0)
    job = await counter.ended()
    refunded = await counter.corrections.refund(job, by=MOD, now=3.0)
    before = await logged(counter)
    for again in (counter.corrections.refund(refunded, by=MOD, now=4.0), settled(counter, job)):
        with pytest.raises(Stale):
            await again
    assert await logged(counter) == before


async def settled(counter: Counter, job: Job[str]) -> Job[str]:
    return await counter.corrections.settle(job, charged=False, by=MOD, now=4.0)


async def test_of_two_roles_that_are_as_generous_the_first_stays() -> None:
    one, two = Rule("role", 1, "jobs", "day", 5), Rule("role", 2, "jobs", "day", 5)
    assert binding([one, two], MEMBER, frozenset({1, 2})) == [one]
    assert binding([two, one], MEMBER, frozenset({1, 2})) == [two]


async def test_what_was_read_already_of_limits_is_not_read_again(counter: Counter) -> None:
    claim = Claim(GUILD, MEMBER, jobs=1)
    await counter.limit("everyone", "jobs", "day", 7)
    usages = await counter.limits.usage(GUILD, claim, 1.0)
    await counter.limit("everyone", "jobs", "day", 0)
    await counter.limits.check(GUILD, claim, 1.0, usages=usages)
    with pytest.raises(OverLimit, match=r"^jobs$"):
        await counter.limits.check(GUILD, claim, 1.0)


async def test_a_server_whose_log_is_stuck_keeps_no_other_servers_entries_back(counter: Counter) -> None:
    await welcome(counter.database, OTHER_GUILD)
    guilds = Guilds(counter.database)
    for guild in (GUILD, OTHER_GUILD):
        await guilds.log_to(guild, 55, by=MOD, now=0.0)
    for number in range(600):
        await guilds.choose(GUILD, "order", by=MOD, now=float(number))
    await guilds.choose(OTHER_GUILD, "order", by=MOD, now=1000.0)
    waiting = await LogEntries(counter.database).waiting()
    assert [entry.kind for entry in waiting if entry.guild_id == OTHER_GUILD] == ["log_set", "choosing_set"]
    assert [entry.kind for entry in waiting if entry.guild_id == GUILD][:2] == ["log_set", "choosing_set"]
    assert len(waiting) <= 50
