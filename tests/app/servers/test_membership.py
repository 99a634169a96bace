"""What Discord tells of its servers is written down, however often that fails at first."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.app.servers.membership import Membership
from storage.engine.database import Database
from storage.engine.encryption import MasterKeys
from storage.servers.guilds import GuildFacts, Guilds
from storage.servers.keys import Keys
from tests.app.still_clock import StillClock
from tests.conftest import GUILD, OTHER_GUILD

AWAY = 1003


@dataclass
class Noting:
    """Notes what a test tells."""

    membership: Membership
    guilds: Guilds
    keys: Keys
    clock: StillClock

    async def until(self, *present: int) -> None:
        """Let time pass until exactly these servers are noted."""
        async with asyncio.timeout(60):
            while await self.guilds.present() != set(present):
                self.clock.go_on(5.0)
                await asyncio.sleep(0.001)


@pytest.fixture
async def noting(database: Database) -> AsyncIterator[Noting]:
    guilds, keys, clock = Guilds(database), Keys(database, MasterKeys.parse(MasterKeys.generate("m"))), StillClock()
    membership = Membership(guilds, keys, clock)
    running = asyncio.create_task(membership.run())
    yield Noting(membership, guilds, keys, clock)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def fail(monkeypatch: pytest.MonkeyPatch, store: type, method: str, *, times: int, guild_id: int | None = None) -> None:
    """Let the next so many calls meet a locked database; only those about this server, if one is given."""
    really, left = getattr(store, method), [times]

    async def failing(itself: Any, *given: Any, **named: Any) -> Any:
        if left[0] and guild_id in {None, *given}:
            left[0] -= 1
            raise sqlite3.OperationalError("database is locked")
        return await really(itself, *given, **named)

    monkeypatch.setattr(store, method, failing)


async def listed(noting: Noting, *servers: int, begun_at: float | None = None) -> None:
    """Tell a complete list, which was begun just now, or at that moment."""
    begun = noting.membership.begin_list()
    await noting.membership.listed(set(servers), begun if begun_at is None else begun_at)


async def test_the_servers_that_discord_names_are_noted_and_others_are_left_as_they_are(noting: Noting) -> None:
    await noting.guilds.join(AWAY, 0.0)
    noting.membership.ready({GUILD: GuildFacts("Club"), OTHER_GUILD: None})
    await noting.until(AWAY, GUILD, OTHER_GUILD)
    noting.membership.left(OTHER_GUILD)
    await noting.until(AWAY, GUILD)
    noting.membership.joined(OTHER_GUILD, GuildFacts("Other"))
    await noting.until(AWAY, GUILD, OTHER_GUILD)


async def test_a_process_that_sees_half_of_the_servers_notes_none_of_the_other_half_as_left(noting: Noting) -> None:
    await noting.guilds.join(OTHER_GUILD, 0.0)
    noting.membership.ready({GUILD: GuildFacts("Club")})
    await noting.until(GUILD, OTHER_GUILD)
    noting.membership.joined(AWAY, None)
    await noting.until(AWAY, GUILD, OTHER_GUILD)


async def test_what_a_complete_list_leaves_out_has_left_and_what_it_names_has_joined(noting: Noting) -> None:
    await noting.guilds.join(AWAY, 0.0)
    noting.membership.ready({GUILD: None})
    await noting.until(AWAY, GUILD)
    noting.clock.go_on(600.0)
    await listed(noting, GUILD, OTHER_GUILD)
    await noting.until(GUILD, OTHER_GUILD)
    assert noting.membership.here == {GUILD, OTHER_GUILD}


async def test_a_list_says_nothing_of_what_changed_since_it_was_begun(noting: Noting) -> None:
    await noting.guilds.join(AWAY, 0.0)
    await noting.guilds.join(GUILD, 0.0)
    begun = noting.membership.begin_list()
    noting.membership.joined(OTHER_GUILD, None)
    noting.membership.left(GUILD)
    await noting.membership.listed({GUILD}, begun)
    await noting.until(OTHER_GUILD)
    assert noting.membership.here == {OTHER_GUILD}


async def test_a_server_that_another_process_saw_joining_since_the_list_was_begun_has_not_left(noting: Noting) -> None:
    """And clocks differ."""
    await noting.guilds.join(AWAY, 0.0)
    await noting.guilds.join(OTHER_GUILD, 980.0)
    await listed(noting, GUILD, begun_at=1000.0)
    await noting.until(GUILD, OTHER_GUILD)


@pytest.mark.parametrize("method", ["join", "present", "describe"])
async def test_what_can_not_be_written_while_discord_tells_it_is_written_later(
    noting: Noting, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    fail(monkeypatch, Guilds, method, times=3)
    noting.membership.ready({GUILD: GuildFacts("Club")})
    async with asyncio.timeout(60):
        while await noting.guilds.facts(GUILD) != GuildFacts("Club"):
            noting.clock.go_on(5.0)
            await asyncio.sleep(0.001)
    await noting.until(GUILD)


async def test_a_leave_that_can_not_be_written_is_written_later(
    noting: Noting, monkeypatch: pytest.MonkeyPatch
) -> None:
    await noting.guilds.join(AWAY, 0.0)
    fail(monkeypatch, Guilds, "leave", times=3)
    await listed(noting, GUILD)
    await noting.until(GUILD)


async def test_a_server_that_can_not_be_noted_keeps_no_other_from_it(
    noting: Noting, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, Guilds, "join", times=10_000, guild_id=GUILD)
    noting.membership.ready({GUILD: None, OTHER_GUILD: None})
    await noting.until(OTHER_GUILD)


async def test_the_keys_of_a_server_that_left_go_even_if_that_fails_at_first_and_it_comes_back(
    noting: Noting, monkeypatch: pytest.MonkeyPatch
) -> None:
    noting.membership.ready({GUILD: None})
    await noting.until(GUILD)
    await noting.keys.put(GUILD, "runcomfy", {"api_key": "rc-key-0001"}, hint="0001", added_by=1, now=1.0)
    fail(monkeypatch, Keys, "retire", times=1)
    noting.membership.left(GUILD)
    await noting.until()
    noting.membership.joined(GUILD, None)
    async with asyncio.timeout(60):
        while await noting.keys.current(GUILD, "runcomfy"):
            noting.clock.go_on(5.0)
            await asyncio.sleep(0.001)
    await noting.until(GUILD)


async def test_servers_that_are_named_one_by_one_before_all_are_known_make_no_other_leave(noting: Noting) -> None:
    await noting.guilds.join(AWAY, 0.0)
    noting.membership.joined(GUILD, None)
    noting.membership.ready({GUILD: None, AWAY: None})
    await noting.until(GUILD, AWAY)
