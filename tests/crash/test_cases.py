"""A card that asked moderators for a decision shows it in the bot's next life, and is not posted twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.app.client import Mouthpiece
from bot.chat.cases.posts import CasePosts
from bot.chat.errors import PostFailed
from bot.sandbox.server import Sandbox
from storage.engine.database import Transaction
from storage.engine.sqlite import open_database
from tests.canned import CannedStudio
from tests.crash.doom import Doom, Killed
from tests.crash.test_cards import KilledAt
from tests.crash.test_crash import Outside
from tests.crash.test_held import cards
from tests.discord_server.server import DiscordServer
from tests.scripted import until

ASKS = "needs approval · "


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        made = Outside(discord, sandbox, tmp_path)
        await made.prepare()
        yield made


async def ask_for_approval(outside: Outside, client: Mouthpiece) -> None:
    """A video that waits, and the log channel that is asked."""
    guild_id, room = outside.discord.state.guild_id, outside.discord.state.channel_id
    await client.services.server_rules.log_to(guild_id, room, by=1)
    await client.services.server_rules.require_approval(guild_id, "always", 0, by=1)
    await outside.ask(client)


async def rows(outside: Outside, table: str) -> int:
    async with open_database(outside.settings.database_path) as database:
        return len(await database.rows(f"SELECT * FROM {table}"))  # noqa: S608 - our own tables


async def ask_earlier(outside: Outside) -> None:
    """As if the video had been asked for an hour before: the bot's clock was faster than that of Discord."""

    async def work(tx: Transaction) -> None:
        await tx.row("UPDATE jobs SET created_at = created_at - 3600")

    async with open_database(outside.settings.database_path) as database:
        await database.write(work, guild_id=None)


async def test_a_decision_after_which_the_bot_was_killed_stands_on_the_card_after_the_next_start(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise PostFailed(problem="503")

    async with outside.life(Doom()) as client:
        await ask_for_approval(outside, client)
        await until(lambda: cards(outside.discord, ASKS))
    doom = KilledAt("after commit of Jobs.move")
    with monkeypatch.context() as patch:
        patch.setattr(CasePosts, "edit", away)
        async with outside.life(doom) as client:
            await until(client.services.worker.resumed.is_set)
            with suppress(Killed):
                await client.services.decisions.deny(outside.discord.state.guild_id, 1, by=1)
    assert doom.dead
    assert cards(outside.discord, ASKS)
    assert await rows(outside, "cases") == 1
    async with outside.life(Doom()):
        await until(lambda: not cards(outside.discord, ASKS))
        await until(lambda: cards(outside.discord, "was declined · by <@1>"))
    assert await rows(outside, "case_cards") == 0


async def test_a_card_that_was_posted_just_before_the_bot_was_killed_is_found_again(outside: Outside) -> None:
    doom = KilledAt("before commit of Cases.tell")
    async with outside.life(doom) as client:
        with suppress(Killed):
            await ask_for_approval(outside, client)
        await until(lambda: doom.dead)
    assert len(cards(outside.discord, ASKS)) == 1
    assert await rows(outside, "case_cards") == 0
    outside.discord.state.nonces.clear()  # Discord remembers them for minutes only
    await ask_earlier(outside)
    async with outside.life(Doom()) as client:
        await until(client.services.worker.resumed.is_set)

        async def told() -> bool:
            found = await outside.parts.database.rows("SELECT told FROM cases WHERE is_open = 1")
            return [row["told"] for row in found] == ["log"]

        await until(told)
    assert len(cards(outside.discord, ASKS)) == 1
