"""Between READY and GUILD_CREATE, Discord has told the bot of a server no more than its id. Commands come all the same,
and what is decided, opened and posted for them is what it would be otherwise.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.results import MARGIN
from bot.sandbox.server import Sandbox
from storage.engine.sqlite import open_database
from storage.servers.guilds import GuildFacts
from storage.servers.limit_rules import Rule
from tests.canned import CannedStudio
from tests.crash.doom import Doom
from tests.crash.test_crash import over
from tests.delivery.conftest import Scene
from tests.delivery.filming import LoudStudio
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import Json
from tests.welcome import welcome

MEGABYTE = 2**20
ROLE = 5005
RULE = {
    "name": "No fruit", "enabled": True, "trigger_type": 1, "actions": [{"type": 1}], "exempt_channels": [],
    "exempt_roles": [], "trigger_metadata": {"keyword_filter": ["banana*"], "regex_patterns": [], "allow_list": []},
}  # fmt: skip


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        made = Scene(discord, sandbox, tmp_path)
        await made.prepare()
        made.settings = made.settings.model_copy(update={"trusted_hosts": frozenset({sandbox.host, discord.host})})
        made.state.withheld = True
        async with open_database(made.settings.database_path) as database:
            await welcome(database, made.state.guild_id, made.member_id)
        yield made
        assert not discord.violations


async def ask(scene: Scene, text: str = "Hello there", within: Json | None = None) -> str:
    """What the member reads after the command, in the channel or in a thread."""
    options: dict[str, Any] = {"video": ("clip.mp4", b"x"), "text": text, "voice": "en:AOT"}
    return await (await scene.discord.people.slash("lipsync text", within=within, **options)).answer()


async def until(found: Callable[[], Any]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(60):
        while not await found():
            await asyncio.sleep(0.005)


async def test_the_server_is_really_not_known(scene: Scene) -> None:
    async with scene.life(Doom()) as client:
        (guild,) = client.guilds
        assert guild.unavailable
        assert not guild.channels
        assert not guild.roles


async def test_the_thread_is_opened_and_the_video_comes_there(scene: Scene) -> None:
    async with scene.life(Doom()) as client:
        assert "is on its way" in await ask(scene)
        message = await scene.delivered(client)
    assert message["attachments"]
    assert scene.is_in(message, scene.thread["id"])


async def test_in_a_thread_the_job_stays_in_place(scene: Scene) -> None:
    inside = scene.state.thread(scene.state.snowflake(), "movie night")
    async with scene.life(Doom()) as client:
        assert "is on its way" in await ask(scene, within=inside)
        message = await scene.delivered(client)
    assert scene.is_in(message, inside["id"])
    assert not [request for request in scene.discord.requests if request.endswith("/threads")]


async def test_a_file_is_posted_as_it_is_where_the_server_takes_it(scene: Scene) -> None:
    scene.state.premium_tier, scene.state.file_limit = 2, 50 * MEGABYTE
    made = bytes(40 * MEGABYTE)
    scene.sandbox.runs.studio = LoudStudio(made)
    async with scene.life(Doom()) as client:
        await ask(scene)
        message = await scene.delivered(client)
    assert scene.bytes_of(message) == [made]
    assert scene.row()["file_bytes"] == 50 * MEGABYTE - MARGIN


@pytest.mark.parametrize(("premium_tier", "megabytes"), [(0, 10), (2, 50), (3, 100)])
async def test_once_the_server_is_told_its_boosts_count_and_no_subscription_of_a_member(
    scene: Scene, premium_tier: int, megabytes: int
) -> None:
    scene.state.withheld, scene.state.premium_tier = False, premium_tier
    scene.state.file_limit = 500 * MEGABYTE  # what a member with Nitro may send
    async with scene.life(Doom()) as client:
        await scene.discord.until(lambda: client.guilds[0].name)
        await ask(scene)
        await over(client, Doom())
    assert scene.row()["file_bytes"] == megabytes * MEGABYTE - MARGIN


async def test_allowed_roles_let_those_in_who_have_one(scene: Scene) -> None:
    async with scene.life(Doom()) as client:
        access = scene.parts.stores.access
        await access.allow(scene.state.guild_id, "role", [ROLE], by=1, now=0.0)
        assert "I'm open to members with the role" in await ask(scene)
        scene.state.role_ids = [ROLE]
        assert "is on its way" in await ask(scene)
        await over(client, Doom())


@pytest.mark.parametrize("category", [7001, 7002])
async def test_a_thread_is_open_with_the_category_around_its_channel(scene: Scene, category: int) -> None:
    scene.state.category_id = category
    inside = scene.state.thread(scene.state.snowflake(), "movie night")
    async with scene.life(Doom()) as client:
        await scene.parts.stores.access.allow(scene.state.guild_id, "channel", [7001], by=1, now=0.0)
        said = await ask(scene, within=inside)
        assert ("is on its way" if category == 7001 else "I'm not open in this channel") in said
        await over(client, Doom())


async def test_a_limit_for_a_role_binds_those_who_have_it(scene: Scene) -> None:
    scene.state.role_ids = [ROLE]
    async with scene.life(Doom()) as client:
        await scene.parts.stores.limits.put(scene.state.guild_id, Rule("role", ROLE, "jobs", "day", 1), by=1, now=0.0)
        assert "is on its way" in await ask(scene)
        await over(client, Doom())
        assert "You have used 1 video of 1 video a day (via" in await ask(scene)


async def test_automod_refuses_what_it_would_refuse_otherwise(scene: Scene) -> None:
    scene.state.automod = [RULE]
    async with scene.life(Doom()):
        assert "AutoMod rule “No fruit” doesn't allow these words" in await ask(scene, "I like bananas")


async def test_while_automods_rules_cant_be_read_nothing_is_started(scene: Scene) -> None:
    async with scene.life(Doom()) as client:
        scene.discord.faults.add("answer", path="*/auto-moderation/rules", status=503, body="{}")
        assert "I can't read this server's AutoMod rules just now" in await ask(scene)
        assert client.services.worker.open_jobs == 0


async def test_no_entry_of_the_log_is_lost(scene: Scene) -> None:
    async with scene.life(Doom()) as client:
        stores = scene.parts.stores
        await stores.guilds.log_to(scene.state.guild_id, scene.state.channel_id, by=1, now=time.time())
        await scene.discord.until(lambda: [m for m in scene.state.messages.values() if "This channel tells" in str(m)])
        await ask(scene)
        await over(client, Doom())
        await scene.discord.until(lambda: [m for m in scene.state.messages.values() if " finished · " in str(m)])


async def test_what_moderators_must_decide_waits_until_discord_tells_where_they_get_notices(scene: Scene) -> None:
    async with scene.life(Doom()) as client:
        await scene.parts.stores.guilds.approve(scene.state.guild_id, "always", 0, by=1, now=time.time())
        await scene.ask(client)
        escalation, cases = client.services.escalation, scene.parts.stores.cases
        await scene.discord.until(lambda: scene.state.guild_id in escalation._not_before)  # it has been looked at
        assert len(await cases.to_tell(scene.state.guild_id)) == 1
        scene.state.notices_channel_id = scene.state.channel_id
        await scene.discord.gateway.send("GUILD_CREATE", scene.state.guild())
        await scene.discord.until(lambda: [m for m in scene.state.messages.values() if "needs approval · " in str(m)])


async def switched_off(scene: Scene) -> None:
    """The server's key is switched off."""
    scene.sandbox.faults.add("answer", path="/runcomfy/*", times=99, status=401, body="{}")
    await ask(scene)


async def test_a_key_alert_waits_until_discord_tells_where_moderators_get_notices(scene: Scene) -> None:
    async with scene.life(Doom()) as client:
        await switched_off(scene)
        await over(client, Doom())
        cases, guild_id = scene.parts.stores.cases, scene.state.guild_id
        await scene.discord.until(lambda: guild_id in client.services.escalation._not_before)
        assert [case.kind for case in await cases.to_tell(guild_id)] == ["key_off"]
        assert not scene.state.direct  # whoever added the key is written to where there is no channel
        scene.state.notices_channel_id = scene.state.channel_id
        await scene.discord.gateway.send("GUILD_CREATE", scene.state.guild())
        await scene.discord.until(lambda: [m for m in scene.state.messages.values() if "is switched off" in str(m)])
        await until(lambda: _are_none(cases.to_tell(guild_id)))


async def _are_none(rows: Any) -> bool:
    return not await rows


async def test_a_direct_message_names_the_server_as_it_was_called_before(scene: Scene) -> None:
    async with scene.life(Doom()) as client:
        await scene.parts.stores.guilds.describe(scene.state.guild_id, GuildFacts("Club"))
        await client.services.kept_videos.send_directly(scene.member_id, wanted=True)
        scene.state.files_denied = True
        await ask(scene)
        message = await scene.delivered(client)
    assert message["attachments"]
    assert "I couldn't post it in **Club**" in message["content"]


async def test_what_discord_tells_of_a_server_is_remembered_and_kept_up_to_date(scene: Scene) -> None:
    async with scene.life(Doom()):
        guilds, guild_id = scene.parts.stores.guilds, scene.state.guild_id
        assert await guilds.facts(guild_id) is None
        await scene.discord.gateway.send("GUILD_CREATE", scene.state.guild())
        await until(lambda: _are(guilds.facts(guild_id), GuildFacts("Club")))
        changed = {**scene.state.guild(), "name": "Theatre", "public_updates_channel_id": str(scene.state.channel_id)}
        await scene.discord.gateway.send("GUILD_UPDATE", changed)
        await until(lambda: _are(guilds.facts(guild_id), GuildFacts("Theatre", scene.state.channel_id)))


async def _are(found: Any, expected: GuildFacts) -> bool:
    return bool(await found == expected)
