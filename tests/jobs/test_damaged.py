"""Rows that can't be read: each ends its own job, and stops nobody else's."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.job import Jobs, NewJob, RequestCodec
from bot.domain.request import Media, Request
from bot.sandbox.server import Sandbox
from storage.engine.database import Transaction
from storage.engine.sqlite import open_database
from storage.jobs.job import Position
from storage.jobs.jobs import Jobs as JobStore
from tests.canned import CannedStudio
from tests.conftest import OTHER_GUILD
from tests.crash.doom import Doom
from tests.crash.test_crash import Outside, over
from tests.discord_server.server import DiscordServer
from tests.welcome import welcome


async def leave_open(outside: Outside, *, held: bool = False) -> None:
    """Two open jobs of two servers; the row of the other server's is damaged."""
    clip = Media(url="https://cdn.discordapp.com/clip.mp4", name="clip.mp4", size=1000)
    whole = NewJob(
        guild_id=outside.discord.state.guild_id,
        interaction_id=7001,
        member_id=42,
        channel_id=outside.discord.state.channel_id,
        provider="runcomfy",
        request=Request(flow="text", mode="text", video=clip, text="Hello", voice="en:AOT"),
        position=Position("text"),
        created_at=1.0,
        deadline_at=4e9,
    )

    async def spoil(tx: Transaction) -> None:
        await tx.rows("UPDATE jobs SET yields = 'no JSON' WHERE guild_id = :guild_id", guild_id=OTHER_GUILD)

    async with open_database(outside.settings.database_path) as database:
        await welcome(database, OTHER_GUILD, 42)
        jobs = Jobs(database, RequestCodec())
        await jobs.enqueue(replace(whole, guild_id=OTHER_GUILD, interaction_id=7000), held=held)
        await jobs.enqueue(whole)
        await database.write(spoil, guild_id=None)


async def ends(outside: Outside) -> list[Any]:
    """Start the bot on what was left open, until nothing is: the messages that ended the jobs."""
    async with outside.life(Doom()) as client:
        await over(client, Doom())
    return outside.discord.outcomes()


@pytest.mark.parametrize(
    ("held", "cost"),
    [(False, "Whether RunComfy charges for it is not known."), (True, "Nothing was charged.")],
)
async def test_a_row_that_cannot_be_read_ends_its_job_with_a_sentence_and_no_other(
    tmp_path: Path, held: bool, cost: str
) -> None:
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        outside = Outside(discord, sandbox, tmp_path)
        await outside.prepare()
        await leave_open(outside, held=held)
        told = await ends(outside)
        assert sorted(bool(message["attachments"]) for message in told) == [False, True]
        (sentence,) = (message["content"] for message in told if not message["attachments"])
        assert "Something went wrong inside the bot" in sentence
        assert cost in sentence
        assert not [what for what in await outside.violations() if "still open" in what]


async def test_a_row_that_can_neither_be_read_nor_ended_stops_no_other_servers_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(JobStore, "end_damaged", refused)
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        outside = Outside(discord, sandbox, tmp_path)
        await outside.prepare()
        await leave_open(outside)
        (message,) = await ends(outside)
        assert message["attachments"]


async def test_a_row_that_cannot_be_read_holds_up_no_other_servers_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refused(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(JobStore, "end_damaged", refused)
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        outside = Outside(discord, sandbox, tmp_path)
        await outside.prepare()
        await leave_open(outside, held=True)  # which is asked in the log, whatever was chosen
        async with outside.life(Doom()), asyncio.timeout(60):
            while await outside.parts.stores.log_entries.waiting():
                await asyncio.sleep(0.005)
    assert not any("something beside the worker failed" in said for said in caplog.messages)
