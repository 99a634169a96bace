"""A card shows how its job ended, whenever the bot was killed; one that can't be edited any more is left alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from storage.engine.sqlite import open_database
from tests.canned import CannedStudio
from tests.crash.doom import Doom, Killed
from tests.crash.test_crash import Outside, over
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import COMPONENTS_V2, Json, State
from tests.storage.plain import with_cards_due


class KilledAt(Doom):
    """Ends the life at the point of that name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def reach(self, name: str) -> None:
        self.dead = self.dead or name == self.name
        super().reach(name)


def card(state: State) -> Json:
    """The only card."""
    (found,) = (message for message in state.messages.values() if message["flags"] & COMPONENTS_V2)
    return found


async def killed_before_the_last_edit(outside: Outside) -> None:
    """A life that ends when the job is closed, and before its card shows that."""
    doom = KilledAt("after commit of Jobs.close")
    async with outside.life(doom) as client:
        with suppress(Killed):
            await outside.ask(client)
            await over(client, doom)


async def due(outside: Outside) -> int:
    """How many cards are still to show how their jobs ended."""
    async with open_database(outside.settings.database_path) as database:
        return len(await with_cards_due(database))


async def test_a_card_that_was_not_edited_before_the_bot_was_killed_shows_the_end_after_the_next_start(
    tmp_path: Path,
) -> None:
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        outside = Outside(discord, sandbox, tmp_path)
        await outside.prepare()
        await killed_before_the_last_edit(outside)
        assert "✅ Done" not in str(card(discord.state)["components"])
        assert await due(outside) == 1
        async with outside.life(Doom()) as client:
            await over(client, Doom())
        assert "✅ Done" in str(card(discord.state)["components"])
        assert await due(outside) == 0
        assert len(discord.outcomes()) == 1


def delete_card(state: State) -> None:
    del state.messages[int(card(state)["id"])]


def leave(state: State) -> None:
    state.kicked = True


@pytest.mark.parametrize("trouble", [delete_card, leave])
async def test_a_card_that_is_gone_or_in_a_server_that_the_bot_left_is_not_tried_for_ever(
    tmp_path: Path, trouble: Callable[[State], None]
) -> None:
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        outside = Outside(discord, sandbox, tmp_path)
        await outside.prepare()
        await killed_before_the_last_edit(outside)
        trouble(discord.state)
        assert await due(outside) == 1
        async with outside.life(Doom()) as client:
            await over(client, Doom())
        assert await due(outside) == 0
