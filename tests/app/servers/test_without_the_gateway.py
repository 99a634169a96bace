"""Over HTTP, Discord tells nothing of servers by itself: what is asked, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import discord
import pytest

from bot.app.connection import Connection
from bot.app.servers.descriptions import Descriptions
from bot.app.servers.listing import PAUSE_SECONDS, Listing
from bot.app.servers.membership import Membership
from bot.app.servers.refused_posts import when_refused
from bot.clock import DAY
from storage.engine.database import Database
from storage.engine.encryption import MasterKeys
from storage.servers.guilds import GuildFacts, Guilds
from storage.servers.keys import Keys
from tests.app.still_clock import StillClock
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN

LEFT = 1003
LIST, POST = "GET /users/@me/guilds", "POST /channels/{}/messages"


@dataclass
class Bot:
    """The parts that ask, logged in to a small Discord."""

    small: DiscordServer
    client: Connection
    guilds: Guilds
    membership: Membership
    descriptions: Descriptions
    clock: StillClock

    def asked(self, request: str) -> int:
        return self.small.requests.count(request)

    async def until(self, found: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(60):
            while not await found():
                self.clock.go_on(1.0)
                await asyncio.sleep(0.002)

    async def until_present(self, *servers: int) -> None:
        async def so() -> bool:
            return await self.guilds.present() == set(servers)

        await self.until(so)


@pytest.fixture
async def bot(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    guilds, keys, clock = Guilds(database), Keys(database, MasterKeys.parse(MasterKeys.generate("m"))), StillClock()
    membership = Membership(guilds, keys, clock)
    async with (
        DiscordServer() as small,
        Connection(None, clock, when_refused(membership.unsure.set)) as client,
        asyncio.TaskGroup() as tree,
    ):
        monkeypatch.setattr(discord.http.Route, "BASE", small.api_url)
        await client.login(TOKEN)
        listing, descriptions = Listing(client, membership, clock), Descriptions(client, membership, clock)
        runs = (membership.run, listing.run, listing.daily, descriptions.run)
        running = [tree.create_task(run()) for run in runs]
        yield Bot(small, client, guilds, membership, descriptions, clock)
        for task in running:
            task.cancel()


async def test_what_the_list_leaves_out_has_left(bot: Bot) -> None:
    await bot.guilds.join(LEFT, 0.0)
    bot.membership.unsure.set()
    await bot.until_present(bot.small.state.guild_id)


async def test_a_list_of_which_a_page_is_missing_counts_for_nothing_and_is_read_again(bot: Bot) -> None:
    state = bot.small.state
    await bot.guilds.join(state.guild_id, 0.0)
    await bot.guilds.join(LEFT, 0.0)
    state.others = {LEFT}
    bot.small.faults.add("answer", "GET", "*/users/@me/guilds", status=200, body='[{"id": "5"}]')
    bot.small.faults.add("answer", "GET", "*/users/@me/guilds", status=403, body="{}")
    bot.membership.unsure.set()
    await bot.small.until(lambda: bot.asked(LIST) == 2)
    bot.clock.go_on(PAUSE_SECONDS - 1.0)
    assert await bot.guilds.present() == {state.guild_id, LEFT}
    state.others = set()
    await bot.until_present(state.guild_id)


async def test_the_list_is_read_daily(bot: Bot) -> None:
    bot.membership.unsure.set()
    await bot.until_present(bot.small.state.guild_id)
    read = bot.asked(LIST)
    bot.small.state.kicked = True
    bot.clock.go_on(DAY)
    await bot.until_present()
    assert bot.asked(LIST) > read


@pytest.mark.parametrize("code", [50001, 50013])
async def test_a_refused_post_has_the_list_read_which_decides(bot: Bot, code: int) -> None:
    state = bot.small.state
    bot.membership.unsure.set()
    await bot.until_present(state.guild_id)
    read = bot.asked(LIST)
    state.denied[state.channel_id] = code
    with pytest.raises(discord.Forbidden):
        await bot.client.get_partial_messageable(state.channel_id).send("Hello")

    async def read_again() -> bool:
        return bot.asked(LIST) >= 2 * read

    await bot.until(read_again)
    assert await bot.guilds.present() == {state.guild_id}
    state.kicked = True
    with pytest.raises(discord.Forbidden):
        await bot.client.get_partial_messageable(state.channel_id).send("Hello")
    await bot.until_present()


async def test_posts_that_arrive_have_no_list_read(bot: Bot) -> None:
    await bot.client.get_partial_messageable(bot.small.state.channel_id).send("Hello")
    with pytest.raises(discord.NotFound):
        await bot.client.http.get_message(bot.small.state.channel_id, 5)
    assert not bot.membership.unsure.is_set()


async def test_a_server_joins_by_its_first_command_and_is_asked_about_once_a_day(bot: Bot) -> None:
    state = bot.small.state
    request = f"GET /guilds/{state.guild_id}"

    async def told() -> bool:
        return await bot.guilds.facts(state.guild_id) == GuildFacts("Club", state.notices_channel_id)

    for _ in range(3):
        bot.descriptions.used(state.guild_id)
    await bot.until_present(state.guild_id)
    await bot.until(told)
    assert bot.asked(request) == 1
    state.notices_channel_id = 5
    bot.clock.go_on(DAY)
    bot.descriptions.used(state.guild_id)
    await bot.until(told)
    assert bot.asked(request) == 2


async def test_a_server_of_which_discord_does_not_tell_is_asked_about_at_the_next_command(bot: Bot) -> None:
    state = bot.small.state
    request = f"GET /guilds/{state.guild_id}"
    bot.small.faults.add("answer", "GET", f"*/guilds/{state.guild_id}", status=200, body="no json")
    bot.descriptions.used(state.guild_id)
    await bot.until_present(state.guild_id)
    await bot.small.until(lambda: bot.asked(request) == 1)

    async def told() -> bool:
        bot.descriptions.used(state.guild_id)
        return await bot.guilds.facts(state.guild_id) == GuildFacts("Club")

    await bot.until(told)


async def test_a_command_brings_back_a_server_that_the_list_had_left_out(bot: Bot) -> None:
    state = bot.small.state
    state.kicked = True
    await bot.guilds.join(state.guild_id, 0.0)
    bot.membership.unsure.set()
    await bot.until_present()
    bot.descriptions.used(state.guild_id)
    await bot.until_present(state.guild_id)
