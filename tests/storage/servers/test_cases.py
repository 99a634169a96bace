"""What is to be decided is read from the rows of jobs, reports and keys, whatever an earlier version has told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.engine.database import Database
from storage.engine.encryption import MasterKeys
from storage.engine.schema import migrations
from storage.engine.sqlite import migrate
from storage.people.privacy import Privacy
from storage.servers.case import CaseCard, CaseCounts
from storage.servers.cases import Cases
from storage.servers.guilds import GuildFacts, Guilds
from storage.servers.keys import Keys
from tests.conftest import GUILD, MEMBER, OTHER_GUILD

OLD_ROWS = """
INSERT INTO guilds (id, joined_at, log_channel_id, notices_channel_id, name) VALUES
  (1, 0.0, 11, NULL, 'with a log'), (2, 0.0, NULL, 22, 'with notices'), (3, 0.0, NULL, NULL, 'with neither');
INSERT INTO keys (guild_id, provider, place, master_id, sealed, hint, added_by, added_at, off_reason, off_at, told_at)
  VALUES (1, 'a', 1, 'm', x'00', '1', 0, 1.0, 'bad_key', 5.0, 6.0),
         (1, 'b', 2, 'm', x'00', '2', 77, 3.0, NULL, NULL, NULL),
         (2, 'a', 1, 'm', x'00', '3', 88, 1.0, 'bad_key', 5.0, NULL),
         (2, 'b', 2, 'm', x'00', '4', 99, 2.0, NULL, NULL, NULL);
"""
JOB = """
INSERT INTO jobs (id, guild_id, interaction_id, member_id, provider, request, created_at, deadline_at, channel_id,
                  state, stage, failure, ended_at, closed_at)
VALUES ({id}, {guild}, {id}, 5, 'a', '{{}}', 1.0, 9.0, 3, '{state}', 'text', {failure}, {ended}, {ended});
"""

REPORT = """
INSERT INTO reports (guild_id, job_id, reported_by, reported_at, channel_id, message_id, hidden)
VALUES ({guild}, {id}, 6, 8.0, 3, 4, 1);
"""


def old_database(path: Path) -> None:
    """As schema 13 may hold what is to be decided: in each server a waiting, a reported and an unknown job, and in the
    first one another one whose entry is still to be posted.
    """
    rows = OLD_ROWS
    for guild in (1, 2, 3):
        rows += JOB.format(id=guild * 10 + 1, guild=guild, state="held", failure="NULL", ended="NULL")
        rows += JOB.format(id=guild * 10 + 2, guild=guild, state="unknown", failure="'gone'", ended="7.0")
        rows += JOB.format(id=guild * 10 + 3, guild=guild, state="succeeded", failure="NULL", ended="7.0")
        rows += REPORT.format(id=guild * 10 + 3, guild=guild)
    rows += JOB.format(id=14, guild=1, state="held", failure="NULL", ended="NULL")
    rows += "INSERT INTO log_entries (guild_id, at, kind, job_id, facts) VALUES (1, 1.0, 'held', 14, '{}');"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for number in range(1, 14):
            connection.executescript(f"BEGIN;\n{migrations()[number]}\nPRAGMA user_version = {number};\nCOMMIT;")
        connection.executescript(rows)


def test_what_an_earlier_version_has_told_is_not_told_again_and_the_rest_is(tmp_path: Path) -> None:
    old_database(tmp_path / "old.db")
    migrate(tmp_path / "old.db")
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        found = connection.execute(
            """SELECT undecided.guild_id, undecided.kind, subject_id, told
               FROM undecided LEFT JOIN cases USING (kind, subject_id, since) ORDER BY 1, 3, 2"""
        ).fetchall()
        people = connection.execute("SELECT set_up_by FROM guilds ORDER BY id").fetchall()
        entries = connection.execute("SELECT kind FROM log_entries").fetchall()
    assert found == [
        *((1, "key_off", 1, "person"), (1, "held", 11, "log"), (1, "unknown", 12, "log"), (1, "reported", 13, "log")),
        (1, "held", 14, None),  # its entry was still to be posted
        *((2, "key_off", 3, None), (2, "held", 21, "notices"), (2, "unknown", 22, "nobody")),
        (2, "reported", 23, "notices"),
        *((3, "held", 31, None), (3, "unknown", 32, "nobody"), (3, "reported", 33, None)),
    ]
    assert people == [(77,), (88,), (None,)]
    assert entries == []


@pytest.fixture
async def cases(database: Database) -> Cases:
    """Of a server whose key is switched off."""
    await Guilds(database).join(GUILD, 0.0, by=MEMBER)
    await Guilds(database).join(OTHER_GUILD, 0.0)
    keys = Keys(database, MasterKeys.parse(MasterKeys.generate("first")))
    await keys.put(GUILD, "runcomfy", {"api_key": "x"}, hint="0001", added_by=7, now=1.0)
    await keys.switch_off(GUILD, 1, reason="bad_key", now=2.0)
    return Cases(database)


async def test_whoever_comes_first_has_set_the_bot_up(database: Database, cases: Cases) -> None:  # noqa: ARG001
    guilds = Guilds(database)
    await guilds.join(GUILD, 5.0, by=8)
    assert await guilds.set_up_by(GUILD) == MEMBER
    assert await guilds.set_up_by(OTHER_GUILD) is None
    await guilds.join(OTHER_GUILD, 5.0, by=8)
    assert await guilds.set_up_by(OTHER_GUILD) == 8


async def test_whoever_is_forgotten_has_set_nothing_up_and_the_next_one_takes_their_place(
    database: Database,
    cases: Cases,  # noqa: ARG001
) -> None:
    await Privacy(database).forget(MEMBER, now=9.0)
    assert await Guilds(database).set_up_by(GUILD) is None
    await Guilds(database).join(GUILD, 10.0, by=8)
    assert await Guilds(database).set_up_by(GUILD) == 8


async def test_a_case_told_while_another_log_was_chosen_is_told_anew(database: Database, cases: Cases) -> None:
    (case,) = await cases.to_tell(GUILD)
    await Guilds(database).log_to(GUILD, 12, by=1, now=3.0)
    await cases.tell(case, "log", CaseCard(11, 4), {}, log_channel_id=11)
    (case,) = await cases.to_tell(GUILD)
    await cases.tell(case, "log", CaseCard(12, 5), {}, log_channel_id=12)
    assert await cases.to_tell(GUILD) == []
    assert await cases.due() == set()
    assert await cases.cards(case) == [CaseCard(11, 4), CaseCard(12, 5)]


async def test_what_nobody_could_be_told_is_told_where_discord_names_a_channel(
    database: Database, cases: Cases
) -> None:
    (case,) = await cases.to_tell(GUILD)
    await cases.tell(case, "nobody", None, {}, log_channel_id=None)
    assert await cases.to_tell(GUILD) == []
    await Guilds(database).describe(GUILD, GuildFacts("Club", 12))
    assert [one.subject_id for one in await cases.to_tell(GUILD)] == [1]


async def test_a_server_that_is_gone_is_not_due(database: Database, cases: Cases) -> None:
    assert await cases.due() == {GUILD}
    await Guilds(database).leave(GUILD, 5.0)
    assert await cases.due() == set()


async def test_a_key_that_is_switched_off_again_is_another_case(database: Database, cases: Cases) -> None:
    keys = Keys(database, MasterKeys.parse(MasterKeys.generate("first")))
    (case,) = await cases.to_tell(GUILD)
    await cases.tell(case, "log", CaseCard(11, 4), {"hint": "0001"}, log_channel_id=None)
    await keys.switch_on(GUILD, 1, by=MEMBER, now=3.0)
    await keys.switch_off(GUILD, 1, reason="out_of_credit", now=4.0)
    assert [(one.since, one.decided_by) for one in await cases.decided(GUILD)] == [(2.0, MEMBER)]
    assert [one.since for one in await cases.to_tell(GUILD)] == [4.0]
    for one in await cases.decided(GUILD):
        await cases.close(one)
    assert await cases.decided(GUILD) == []
    rows = await database.rows("SELECT since, is_open FROM cases")
    assert [tuple(row) for row in rows] == [(4.0, 1)]


async def test_how_many_are_to_be_decided_is_counted_of_all_or_of_what_some_were_told(
    database: Database, cases: Cases
) -> None:
    assert await cases.waiting(GUILD) == CaseCounts({"key_off": 1}, 1)
    (case,) = await cases.to_tell(GUILD)
    await cases.tell(case, "nobody", None, {}, log_channel_id=None)
    assert await cases.waiting(GUILD, told=("log", "person")) == CaseCounts({}, 0)
    assert await cases.waiting(GUILD, told=("person", "nobody")) == CaseCounts({"key_off": 1}, 1)
    await Keys(database, MasterKeys.parse(MasterKeys.generate("first"))).retire(GUILD, now=3.0)
    assert await cases.waiting(GUILD) == CaseCounts({}, 0)
    assert [one.decided_by for one in await cases.decided(GUILD)] == [None]


async def test_what_an_earlier_version_has_opened_and_decided_is_caught_up_with(
    database: Database, cases: Cases
) -> None:
    await database.write(lambda tx: tx.row("DELETE FROM cases"), guild_id=None)
    assert await cases.due() == set()
    await cases.catch_up()
    await cases.catch_up()
    (case,) = await cases.to_tell(GUILD)
    assert (case.kind, case.subject_id, case.since, case.is_open) == ("key_off", 1, 2.0, True)
    await cases.tell(case, "nobody", None, {}, log_channel_id=None)
    await database.write(lambda tx: tx.row("UPDATE keys SET off_at = NULL, off_reason = NULL"), guild_id=None)
    assert await cases.due() == set()
    await cases.catch_up()
    assert await cases.due() == {GUILD}
    assert [one.kind for one in await cases.decided(GUILD)] == ["key_off"]


async def test_a_case_that_is_told_after_it_was_decided_is_not_open(database: Database, cases: Cases) -> None:
    (case,) = await cases.to_tell(GUILD)
    await Keys(database, MasterKeys.parse(MasterKeys.generate("first"))).switch_on(GUILD, 1, by=MEMBER, now=3.0)
    await cases.close(case)
    await cases.tell(case, "log", CaseCard(11, 4), {}, log_channel_id=None)
    assert await cases.waiting(GUILD) == CaseCounts({}, 0)
    assert len(await cases.decided(GUILD)) == 1
