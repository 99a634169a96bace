"""The whole bot with commands brought over HTTP: everything works, with no connection to the gateway."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from bot.words import buttons
from storage.servers.limits import DEFAULTS
from tests.app.test_run import CLIP, Outside, button, ended, outside  # noqa: F401 - a fixture
from tests.discord_server.rest import SPOILER, store_file


@pytest.fixture
def over_http(outside: Outside) -> Outside:  # noqa: F811
    outside.take_commands_over_http()
    return outside


async def test_a_job_goes_from_a_signed_command_to_a_video_and_its_buttons_work(over_http: Outside) -> None:
    people, discord = over_http.discord.people, over_http.discord
    async with over_http.bot() as process:
        assert "works and is saved" in await over_http.add_key()
        asked = await people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        assert "is on its way" in await asked.answer()
        await discord.until(discord.outcomes)
        (outcome,) = discord.outcomes()
        (thread,) = discord.state.threads.values()
        assert outcome["channel_id"] == thread["id"]
        assert outcome["attachments"]
        pressed = await people.click(outcome, button(outcome, "Report"))
        assert "It's blurred until a moderator reviews it" in await pressed.answer()
        assert outcome["attachments"][0]["flags"] & SPOILER
        process.send_signal(signal.SIGTERM)
        code, log = await ended(process)
    assert code == 0
    assert f"/oauth2/authorize?client_id={discord.state.application_id}&" in log
    assert discord.gateway.connections == 0
    assert len(over_http.sandbox.runs.ledger) == 1


async def test_a_form_on_a_message_and_an_offers_button_are_answered(over_http: Outside) -> None:
    people, state = over_http.discord.people, over_http.discord.state
    clip = state.post(state.channel_id, {"content": "look"}, [store_file(state, people.origin, *CLIP)])
    async with over_http.bot():
        await over_http.add_key()
        form = await people.use_on(clip, "Make it speak")
        await asyncio.wait_for(form.acknowledged.wait(), 60)
        sent = await people.submit(form, {"Or a recording": ("talk.m4a", CLIP[1])})
        assert "the recording is a video, of which I take the sound" in await sent.answer()
        assert sent.original
        assert "is on its way" in await (await people.click(sent.original, button(sent.original, "Convert"))).answer()
        await over_http.discord.until(over_http.discord.outcomes)
    assert over_http.discord.gateway.connections == 0


async def test_forms_offers_and_panels_of_before_a_restart_are_answered_after_it(over_http: Outside) -> None:
    people, state = over_http.discord.people, over_http.discord.state
    clip = state.post(state.channel_id, {"content": "look"}, [store_file(state, people.origin, *CLIP)])
    async with over_http.bot() as process:
        await over_http.add_key()
        setup = await people.slash("lipsync-admin setup")
        await setup.answer()
        form = await people.use_on(clip, "Make it speak")
        await asyncio.wait_for(form.acknowledged.wait(), 60)
        process.send_signal(signal.SIGTERM)
        await ended(process)
    async with over_http.bot() as process:
        sent = await people.submit(form, {"Or a recording": ("talk.m4a", CLIP[1])})
        assert "the recording is a video, of which I take the sound" in await sent.answer()
        process.send_signal(signal.SIGTERM)
        await ended(process)
    async with over_http.bot():
        assert sent.original
        assert "is on its way" in await (await people.click(sent.original, button(sent.original, "Convert"))).answer()
        assert setup.original
        menu = await people.click(setup.original, button(setup.original, buttons.LOG_CHANNEL))
        assert "Which channel" in await menu.answer()
        await over_http.discord.until(over_http.discord.outcomes)


async def test_voices_are_offered_while_somebody_types(over_http: Outside) -> None:
    async with over_http.bot():
        await over_http.add_key()
        choices = await over_http.discord.people.type_into("lipsync text", "voice", "sunny", text="Hello")
    assert "Sunny" in choices[0]["name"]


async def test_moderators_choose_a_log_channel_and_setup_says_how_things_are(over_http: Outside) -> None:
    people, state = over_http.discord.people, over_http.discord.state

    def logged() -> list[Any]:
        return [message for message in state.posted(state.channel_id) if "This channel tells" in str(message)]

    async with over_http.bot():
        setup = await people.slash("lipsync-admin setup")
        assert "no channel tells you what happens" in await setup.answer()
        assert setup.original
        menu = await people.click(setup.original, button(setup.original, buttons.LOG_CHANNEL))
        await menu.answer()
        assert menu.original
        chosen = await people.choose_channel(menu)
        assert "tells what happens" in await chosen.answer()
        await over_http.discord.until(logged)
        assert "no channel tells" not in await (await people.slash("lipsync-admin setup")).answer()
        again = await people.slash("lipsync-admin log", channel=str(state.channel_id))
        assert "tells what happens" in await again.answer()
        state.permissions = 0
        setup = await people.slash("lipsync-admin setup")
        assert f"**Log**: in <#{state.channel_id}>, I need" in await setup.answer()
        refused = await people.slash("lipsync-admin log", channel=str(state.channel_id))
        assert "**Send Messages** there. Nothing was changed" in await refused.answer()


async def test_a_server_that_was_never_heard_of_joins_by_its_first_command(over_http: Outside) -> None:
    state = over_http.discord.state
    state.guild_id = state.snowflake()
    state.notices_channel_id = state.channel_id

    def known(sql: str) -> list[Any]:
        with closing(sqlite3.connect(over_http.folder / "data" / "bot.db")) as database:
            return database.execute(sql, (state.guild_id,)).fetchall()

    async with over_http.bot():
        await (await over_http.discord.people.slash("lipsync usage")).answer()
        await over_http.discord.until(
            lambda: (
                known("SELECT name, notices_channel_id FROM guilds WHERE id = ?")
                == [("Club", state.notices_channel_id)]
            )
        )
        assert len(known("SELECT 1 FROM rules WHERE guild_id = ?")) == len(DEFAULTS)


async def test_the_key_of_another_application_is_one_line_and_exit_code_2(over_http: Outside) -> None:
    code, log = await ended(await over_http.start(INTERACTIONS_PUBLIC_KEY="5e" * 32, LOG_LEVEL="ERROR"))
    assert code == 2
    assert log.startswith("INTERACTIONS_PUBLIC_KEY: this is not the application's Public Key")
    assert len(log.strip().splitlines()) == 1
