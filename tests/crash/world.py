"""What outlives the bot in the campaign: Discord, the providers and the bot's folder; and its process among them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.sandbox.server import Sandbox
from storage.engine.encryption import MasterKeys
from storage.engine.sqlite import open_database
from storage.servers.keys import Keys
from tests.crash.doomed import SPEED
from tests.crash.far_side import FarSide, Trap, keep_books
from tests.crash.footage import CampaignStudio
from tests.crash.points import AT_THE_FAR_SIDE, Aim
from tests.crash.processes import left_of
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN, Json
from tests.providers.samples import all_samples
from tests.welcome import welcome

ROOT = Path(__file__).parent.parent.parent
READY_SECONDS = 30.0
# Jobs that aren't closed, or not shown so; cases that are open and not told, or decided and not shown so.
UNDER_WAY = """
SELECT (SELECT count(*) FROM jobs WHERE closed_at IS NULL OR card_due)
  + (SELECT count(*) FROM undecided LEFT JOIN cases USING (guild_id, kind, subject_id, since) WHERE told IS NULL)
  + (SELECT count(*) FROM cases WHERE NOT EXISTS (SELECT 1 FROM undecided WHERE undecided.guild_id = cases.guild_id
      AND undecided.kind = cases.kind AND undecided.subject_id = cases.subject_id AND undecided.since = cases.since))
"""
END_SECONDS = 3.0  # in which the kernel has ended the children of a bot that is no more


@dataclass
class Life:
    """One process of the bot, which ends itself where it is aimed at, or is killed."""

    process: asyncio.subprocess.Process
    aim: Aim
    over: asyncio.Task[int]

    def kill(self) -> None:
        """Kill the main process alone, or everything in its process group."""
        with suppress(ProcessLookupError):
            (os.kill if self.aim.alone else os.killpg)(self.process.pid, signal.SIGKILL)

    async def children_left(self) -> list[str]:
        """What is alive of the bot after its end, for longer than the kernel needs; it is killed then."""
        until = time.monotonic() + END_SECONDS
        while left := left_of(self.process.pid):
            if time.monotonic() > until:
                for child in left:
                    os.kill(child.id, signal.SIGKILL)
                return [f"process {child.id} has outlived the bot: {child.words[:100]}" for child in left]
            await asyncio.sleep(0.01)
        return []


class World:
    """`folder` is for the bot alone. Time runs fast, for the bot and for Discord alike."""

    def __init__(self, folder: Path, notes: Path) -> None:
        self.folder = folder
        self.discord = DiscordServer()
        self.sandbox = Sandbox()
        self.studio = self.sandbox.runs.studio = CampaignStudio()
        self.books = keep_books(self.sandbox.runs)
        self._trap = Trap(folder)
        self.discord.faults, self.sandbox.faults = FarSide(self._trap), FarSide(self._trap)
        self._note = notes / "hit"
        self._master = MasterKeys.generate("campaign")
        self._began = time.time()
        state = self.discord.state
        state.now = self.now
        state.marks_ignored = True  # so that what is reported is fetched, and put into its message anew
        state.notices_channel_id = state.channel_id

    @property
    def messages(self) -> list[Json]:
        """What can be read in Discord, but for private answers."""
        return [message for message in self.discord.state.messages.values() if message["channel_id"] != "0"]

    @property
    def database(self) -> Path:
        """The bot's."""
        return self.folder / "bot.db"

    def now(self) -> float:
        """The time for everybody, in seconds since 1970."""
        return self._began + (time.time() - self._began) * SPEED

    async def prepare(self) -> None:
        """A server with a key of every provider."""
        state = self.discord.state
        async with open_database(self.database) as database:
            await welcome(database, state.guild_id, int(state.member["id"]))
            keys = Keys(database, MasterKeys.parse(self._master))
            for sample in all_samples():
                name = sample.provider.name
                await keys.put(state.guild_id, name, sample.credentials, hint="0001", added_by=1, now=self.now())

    async def start(self, aim: Aim) -> Life:
        """Begin a life, and wait until the bot is ready, or dead."""
        self._note.unlink(missing_ok=True)
        self.discord.gateway.ready.clear()
        far = (aim.point.kind, aim.point.place) in AT_THE_FAR_SIDE
        doom = {"nth": 0 if far else aim.nth, "note": str(self._note), "began": self._began}
        doom |= {"kind": aim.point.kind, "place": aim.point.place, "alone": aim.alone}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.crash.doomed"),
            env={**self._environment(), "DOOM": json.dumps(doom)},
            cwd=self.folder,
            start_new_session=True,
        )
        life = Life(process, aim, asyncio.ensure_future(process.wait()))
        self._trap.arm(aim if far else None, life.kill)
        ready = asyncio.ensure_future(self.discord.gateway.ready.wait())
        await asyncio.wait({life.over, ready}, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        return life

    def hit(self, aim: Aim) -> str:
        """What the bot was doing when it died at its aim; nothing if it died otherwise."""
        return aim.hit or (self._note.read_text() if self._note.exists() else "")

    def under_way(self) -> int:
        """How many jobs are not closed yet, or not shown so; and how many cases moderators are still to be told of."""
        ((left,),) = self._rows(UNDER_WAY)
        return int(left)

    def waiting(self) -> set[int]:
        """The interactions that the bot has written down as waiting for an answer."""
        return {row[0] for row in self._rows("SELECT interaction_id FROM unanswered")}

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()

    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        return {
            **own,
            "PYTHONPATH": str(ROOT),
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "DATABASE_PATH": str(self.database),
            "MASTER_KEYS": self._master,
            "PROVIDER_URLS": json.dumps(self.sandbox.provider_urls),
            "TRUSTED_HOSTS": f"{self.sandbox.host},{self.discord.host}",
            "LOG_LEVEL": "ERROR",
        }
