"""Killed at every point of a command: the next start gives the answer that is missing, and it is true."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from bot.chat.answers import late as late_answers
from bot.domain.job import Job, RequestCodec
from bot.sandbox.server import Sandbox
from bot.words.answers import restarted as restarted_words
from storage.engine.sqlite import open_database
from storage.jobs.job_row import COLUMNS, read_job
from storage.people import unanswered
from tests.canned import CannedStudio, real_clip
from tests.crash.doom import Doom
from tests.crash.test_cards import KilledAt
from tests.crash.test_crash import Outside, over
from tests.discord_server.interactions import Interaction, Interactions
from tests.discord_server.server import DiscordServer
from tests.welcome import welcome

KEEPING = "commit of Unanswered.change"
Use = Callable[[Interactions], Awaitable[Interaction]]


@pytest.fixture(autouse=True)
def _answerable_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock runs 400 times faster, so a start would have to be over within two seconds."""
    for user in (late_answers, unanswered):
        monkeypatch.setattr(user, "ANSWERABLE_SECONDS", 400 * unanswered.ANSWERABLE_SECONDS)


async def ask(people: Interactions) -> Interaction:
    return await people.slash("lipsync text", video=real_clip(), text="Hello", voice="Sunny")


async def look(people: Interactions) -> Interaction:
    return await people.slash("lipsync usage")


async def change(people: Interactions) -> Interaction:
    return await people.slash("lipsync-admin quota set", most=7, unit="jobs")


async def answered_or_dead(asked: Interaction, doom: Doom) -> None:
    """Wait for the answer, or for the end of the bot."""
    async with asyncio.timeout(60):
        while not doom.dead and not asked.answered.is_set():
            await asyncio.sleep(0.002)


async def jobs(outside: Outside) -> list[Job]:
    async with open_database(outside.settings.database_path) as database:
        rows = await database.rows(f"SELECT {COLUMNS} FROM jobs")  # noqa: S608
        return [read_job(row, RequestCodec()) for row in rows]


async def restarted(
    folder: Path,
    use: Use,
    doom: Doom,
    *,
    between: Callable[[Interaction], None] = lambda _: None,
    has_confirmed: bool = True,
) -> tuple[Interaction, list[Job]]:
    """A command in a life that ends by doom or with its answer, and what became of it in a whole life that followed."""
    async with DiscordServer() as discord_server, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        outside = Outside(discord_server, sandbox, folder)
        await outside.prepare()
        async with open_database(outside.settings.database_path) as database:
            confirmed = [int(discord_server.state.member["id"])] if has_confirmed else []
            await welcome(database, discord_server.state.guild_id, *confirmed)
        async with outside.life(doom):
            asked = await use(discord_server.people)
            await answered_or_dead(asked, doom)
        between(asked)
        async with outside.life(Doom()) as client:
            await over(client, Doom())
            async with asyncio.timeout(60):
                while await outside.parts.database.rows("SELECT 1 FROM unanswered"):
                    await asyncio.sleep(0.002)
        return asked, await jobs(outside)


def is_kept(doom: Doom) -> bool:
    """Whether it was on disk, when the bot was killed, that somebody waits."""
    return f"after {KEEPING}" in doom.passed


async def wrong_at_every_point(folder: Path, use: Use, true: Callable[[str, list[Job]], bool]) -> tuple[list[str], int]:
    """What went wrong where the bot was killed, and how many answers came after the restart. What is on disk only after
    the kill is not answered; the write begins as the command is acknowledged.
    """
    whole = Doom()
    await restarted(folder / "whole", use, whole)
    found, late = [], 0
    for point in range(whole.passed.index("before Discord POST callback") + 1, len(whole.passed) + 1):
        doom = Doom(point)
        asked, stored = await restarted(folder / str(point), use, doom)
        if asked.acknowledged.is_set() and is_kept(doom):
            said = str((asked.original or {}).get("content"))
            late += "after Discord PATCH @original" not in doom.passed
            found += [] if true(said, stored) else [f"{doom.passed[-1]}: {said}"]
    return found, late


async def test_who_asked_for_a_video_reads_where_it_is_or_that_there_is_none(tmp_path: Path) -> None:
    def is_true(said: str, stored: list[Job]) -> bool:
        return stored[0].code in said if stored else said == restarted_words.answer("video")

    found, late = await wrong_at_every_point(tmp_path, ask, is_true)
    assert found == []
    assert late > 5


async def test_who_changes_something_reads_that_it_was_done_or_where_to_look(tmp_path: Path) -> None:
    unknown = restarted_words.answer("limits")
    found, late = await wrong_at_every_point(tmp_path, change, lambda said, _: said == unknown or "7 videos" in said)
    assert found == []
    assert late > 0


async def test_who_looks_at_something_reads_that_nothing_was_changed(tmp_path: Path) -> None:
    asked, _ = await restarted(tmp_path, look, KilledAt("before Discord PATCH @original"))
    assert str((asked.original or {})["content"]) == restarted_words.answer("view")


async def test_an_answer_that_was_given_is_not_given_anew(tmp_path: Path) -> None:
    doom = KilledAt("after Discord PATCH @original")
    asked, _ = await restarted(tmp_path, look, doom)
    assert "What you may make here" in str(asked.original)


async def test_a_video_that_was_agreed_to_by_a_button_is_told_of_as_if_nothing_had_been(tmp_path: Path) -> None:
    async def confirm(people: Interactions) -> Interaction:
        asked = await ask(people)
        assert "Before your first video" in await asked.answer()
        card = asked.original or {}
        return await people.click(card, card["components"][0]["components"][0]["custom_id"])

    doom = KilledAt("after commit of Jobs.enqueue")
    asked, (job,) = await restarted(tmp_path, confirm, doom, has_confirmed=False)
    assert job.code in str(asked.original)
    assert f"https://discord.com/channels/{job.guild_id}/{job.thread_id}" in str(asked.original)


async def test_an_interaction_that_discord_has_forgotten_is_no_fault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def forget(asked: Interaction) -> None:
        asked.expired = True

    asked, _ = await restarted(tmp_path, look, KilledAt("before Discord PATCH @original"), between=forget)
    assert asked.original is None
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING and "bot" in record.name]


async def test_an_answer_that_does_not_get_through_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch, tries = discord.Webhook.fetch_message, count()

    async def fetch_message(webhook: discord.Webhook, *given: Any) -> discord.WebhookMessage:
        if next(tries) < 3:
            raise aiohttp.ClientConnectionError
        return await fetch(webhook, *given)

    monkeypatch.setattr(discord.Webhook, "fetch_message", fetch_message)
    asked, _ = await restarted(tmp_path, look, KilledAt("before Discord PATCH @original"))
    assert str((asked.original or {})["content"]) == restarted_words.answer("view")


async def test_a_token_is_in_no_log_and_in_no_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    caplog.set_level(logging.DEBUG, "storage")
    caplog.set_level(logging.INFO, "discord")
    held: list[bytes] = []

    def look_into_files(_: Interaction) -> None:
        held.extend(path.read_bytes() for path in tmp_path.glob("bot.db*"))

    asked, _ = await restarted(tmp_path, look, KilledAt("before Discord PATCH @original"), between=look_into_files)
    assert held
    assert asked.original
    token = f"interaction-{asked.id}"
    assert not [data for data in held if token.encode() in data]
    assert token not in caplog.text
