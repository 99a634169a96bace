"""A job that is under way in the sockets Discord, so that something can happen to its place before it ends."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from bot.app.client import Mouthpiece
from bot.domain.ask import Place
from bot.sandbox.server import Sandbox
from storage.engine.sqlite import open_database
from tests.canned import CannedStudio
from tests.crash.doom import Doom
from tests.crash.test_crash import Outside, over
from tests.discord_server.interactions import Interaction
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import Json, State
from tests.welcome import welcome


class Scene(Outside):
    """One member, who asks for one video."""

    @property
    def state(self) -> State:
        return self.discord.state

    @property
    def member_id(self) -> int:
        return int(self.state.member["id"])

    @property
    def thread(self) -> Json:
        """The job's thread."""
        (thread,) = self.state.threads.values()
        return thread

    @asynccontextmanager
    async def asked(self, place: Place | None = None) -> AsyncIterator[Mouthpiece]:
        """The bot, with the member's job just accepted; what is done without awaiting comes before its end."""
        async with self.life(Doom()) as client:
            await self.ask(client, self.member_id, place)
            yield client

    async def delivered(self, client: Mouthpiece) -> Json:
        """The one message that ends the job, once it is closed."""
        await over(client, Doom())
        return self.told()

    def told(self) -> Json:
        """The one message that ended the job."""
        (message,) = self.discord.outcomes()
        return message

    def row(self) -> dict[str, Any]:
        """The job's row."""
        with closing(sqlite3.connect(self.settings.database_path)) as connection:
            connection.row_factory = sqlite3.Row
            (row,) = connection.execute("SELECT * FROM jobs").fetchall()
        return dict(row)

    def files(self) -> list[str]:
        """The names of what lies in the job's folder, beside the clip, which stays for a day."""
        folder = self.settings.data_folder / "files" / str(self.row()["id"])
        return sorted(file.name for file in folder.iterdir() if file.name != "clip") if folder.exists() else []

    def bytes_of(self, message: Json) -> list[bytes]:
        """What is attached to a message."""
        return [self.state.files[f"{file['id']}/{file['filename']}"] for file in message["attachments"]]

    async def press(self, message: Json, label: str, **more: Any) -> Interaction:
        """What comes of pressing the button of that name."""
        found = [button for row in message["components"] for button in row["components"] if button["label"] == label]
        pressed = await self.discord.people.click(message, found[0]["custom_id"], **more)
        await pressed.answer()
        await self.discord.until(lambda: pressed.original and pressed.original["content"])
        return pressed

    def fetched(self, pressed: Interaction) -> list[bytes]:
        """The files that somebody got privately."""
        return [file for message in pressed.messages for file in self.bytes_of(message)]

    def is_in(self, message: Json, channel_id: int | str) -> bool:
        return str(message["channel_id"]) == str(channel_id)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        made = Scene(discord, sandbox, tmp_path)
        await made.prepare()
        async with open_database(made.settings.database_path) as database:
            await welcome(database, made.state.guild_id, made.member_id)
        yield made
        assert not discord.violations
