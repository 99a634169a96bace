"""The plug is pulled again and again while jobs of every provider are under way: `make crash`.

Discord and the providers outlive the bot's process and keep their own books, and the bot's are held against them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import sys
import tempfile
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from bot.domain.voices import voices_of
from bot.sandbox.server import Sandbox
from storage.engine.encryption import MasterKeys
from storage.engine.sqlite import open_database
from storage.servers.keys import Keys
from tests.canned import FilmedStudio, real_clip, real_sound
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import COMPONENTS_V2, TOKEN
from tests.providers.samples import all_samples
from tests.welcome import welcome

ROOT = Path(__file__).parent.parent.parent
LINE = "A line that is long enough to be spoken by anybody, number"
MOST_POINTS = 60  # a life that is to end at a point ends at one of the first so many
LONGEST_LIFE = 2.5  # seconds, of one that is to end at any moment
FAULTS = ("cut after", "cut before", "truncate", "answer")
PATIENCE = 120.0


class Campaign:
    """Many lives of one bot."""

    def __init__(self, folder: Path, discord: DiscordServer, sandbox: Sandbox, seed: int) -> None:
        self._folder = folder
        self._discord = discord
        self._sandbox = sandbox
        self._random = Random(seed)
        self._numbers = 0
        self._master = MasterKeys.generate("campaign")
        self._samples = all_samples()

    async def prepare(self) -> None:
        """A server with a key of every provider."""
        guild_id = self._discord.state.guild_id
        async with open_database(self._database) as database:
            await welcome(database, guild_id, int(self._discord.state.member["id"]))
            keys = Keys(database, MasterKeys.parse(self._master))
            for sample in self._samples:
                await keys.put(guild_id, sample.provider.name, sample.credentials, hint="0001", added_by=1, now=0.0)
        await self.live(doom_at=0, seconds=1.0, asks=0)

    async def live(self, *, doom_at: int, seconds: float | None, asks: int) -> None:
        """One life: it ends at that point, at that moment, or (without either) when everything is done."""
        self._discord.gateway.ready.clear()
        process = await self._start(doom_at)
        over = asyncio.create_task(process.wait())
        ready = asyncio.create_task(self._discord.gateway.ready.wait())
        await asyncio.wait({over, ready}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        for _ in range(asks):
            if not over.done():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ask(), 2)
        if seconds is None and not doom_at:
            await self._until_done()
        else:
            await asyncio.wait({over}, timeout=seconds or 10)
        if not over.done():
            process.send_signal(signal.SIGKILL)
        await over
        ready.cancel()

    async def any_life(self) -> None:
        """A life with commands, faults and an end by chance."""
        if self._random.random() < 0.3:
            kind: Any = self._random.choice(FAULTS)
            self._sandbox.faults.add(kind, path="/*/*", status=self._random.choice((429, 500, 503)), body="{}")
        by_point = self._random.random() < 0.5
        await self.live(
            doom_at=self._random.randint(1, MOST_POINTS) if by_point else 0,
            seconds=None if by_point else self._random.uniform(0.1, LONGEST_LIFE),
            asks=self._random.randint(0, 3),
        )

    def violations(self) -> list[str]:
        """What must never be, and is."""
        with closing(sqlite3.connect(self._database)) as connection:
            connection.row_factory = sqlite3.Row
            jobs = connection.execute("SELECT * FROM jobs").fetchall()
        found = [f"job {job['id']} is still {job['state']}" for job in jobs if job["closed_at"] is None]
        posts = Counter(message["id"] for message in self._discord.outcomes())
        replies = [str(job["reply_id"]) for job in jobs]
        found += [f"job {job['id']} was never told" for job in jobs if str(job["reply_id"]) not in posts]
        found += [f"message {post} belongs to no job" for post in posts if post not in replies]
        paid = Counter(
            (run.account, run.order.makes, run.order.text if run.order.makes == "speech" else run.order.video_url)
            for run in self._sandbox.runs.ledger
        )
        found += [f"paid {times} times: {what}" for what, times in paid.items() if times > 1]
        videos = {run.order.video_url for run in self._sandbox.runs.ledger if run.order.makes != "speech"}
        free = {json.loads(job["request"])["video"]["url"]: job["id"] for job in jobs if job["counted_at"] is None}
        found += [f"job {free[video]} was paid, and counts against no limit" for video in videos & set(free)]
        cards = sum(bool(message["flags"] & COMPONENTS_V2) for message in self._discord.state.messages.values())
        if cards > len(jobs):
            found.append(f"{cards} cards for {len(jobs)} jobs")
        return found

    def ended(self) -> Counter[str]:
        """How many jobs ended how."""
        with closing(sqlite3.connect(self._database)) as connection:
            return Counter(state for (state,) in connection.execute("SELECT state FROM jobs"))

    @property
    def _database(self) -> Path:
        return self._folder / "bot.db"

    async def _ask(self) -> None:
        self._numbers += 1
        sample = self._random.choice(self._samples)
        name, clip = real_clip()
        clip_name = f"{self._numbers}-{name}"
        people, provider = self._discord.people, sample.provider.name
        if self._random.random() < 0.5:
            voice = next(key for key in voices_of(provider) if key.startswith("en:"))
            text = f"{LINE} {self._numbers}"
            await people.slash("lipsync text", video=(clip_name, clip), text=text, voice=voice, provider=provider)
        else:
            audio = (f"{self._numbers}.mp3", real_sound())
            await people.slash("lipsync audio", video=(clip_name, clip), audio=audio, provider=provider)

    async def _start(self, doom_at: int) -> asyncio.subprocess.Process:
        environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        given = {
            "PYTHONPATH": str(ROOT),
            "DOOM_AT": str(doom_at),
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": self._discord.api_url,
            "DISCORD_GATEWAY_URL": self._discord.gateway_url,
            "DATABASE_PATH": str(self._database),
            "MASTER_KEYS": self._master,
            "PROVIDER_URLS": json.dumps(self._sandbox.provider_urls),
            "TRUSTED_HOSTS": f"{self._sandbox.host},{self._discord.host}",
            "LOG_LEVEL": "ERROR",
        }
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.crash.doomed"), env={**environment, **given}, cwd=self._folder
        )

    async def _until_done(self) -> None:
        async with asyncio.timeout(PATIENCE):
            quiet = 0
            while quiet < 3:
                await asyncio.sleep(0.5)
                with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as connection:
                    (left,) = connection.execute("SELECT count(*) FROM jobs WHERE closed_at IS NULL").fetchone()
                quiet = 0 if left else quiet + 1


async def run(kills: int, seed: int) -> tuple[list[str], Counter[str]]:
    """So many lives that end suddenly, and one that doesn't: the violations, and how the jobs ended."""
    with tempfile.TemporaryDirectory(prefix="mouthpiece-crash-") as folder:
        async with DiscordServer() as discord, Sandbox() as sandbox:
            sandbox.runs.studio = FilmedStudio()
            campaign = Campaign(Path(folder), discord, sandbox, seed)
            await campaign.prepare()
            for _ in range(kills):
                await campaign.any_life()
            sandbox.faults.clear()
            await campaign.live(doom_at=0, seconds=None, asks=0)
            return campaign.violations(), campaign.ended()


def main() -> int:
    """Run a campaign; 0 without violations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    given = parser.parse_args()
    print(f"seed {given.seed}: replay with `python -m tests.crash.campaign --kills {given.kills} --seed {given.seed}`")
    violations, ended = asyncio.run(run(given.kills, given.seed))
    print(f"{given.kills} kills, {ended.total()} jobs: " + ", ".join(f"{count} {how}" for how, count in ended.items()))
    for violation in violations:
        print(f"VIOLATION: {violation}")
    print(f"{len(violations)} violations")
    return bool(violations)


if __name__ == "__main__":
    sys.exit(main())
