"""Nobody reaches what isn't theirs: by store, by button, by address."""

from __future__ import annotations

import inspect
from typing import Any

import discord
import pytest

from bot.errors import InputRejected
from bot.intake import Intake
from bot.providers.base import Submission
from bot.providers.http import Http
from bot.providers.kling_gateway import KlingGateway
from bot.providers.transport import open_client
from bot.replies import CANCEL_PREFIX
from cogs.buttons import FORGET_ID
from storage.guilds import Guilds
from storage.jobs import Jobs
from storage.keys import Keys
from storage.privacy import Privacy
from tests.providers.samples import HANDLE, text_request
from tests.world import World, answer

# Store methods that are not about one server, and why.
ACROSS_SERVERS = {
    "Guilds.present": "which servers the bot was in, at the start",
    "Jobs.open_jobs": "the worker's start",
    "Keys.untold": "the notices' start",
    "Privacy.about": "a person's own records, wherever they are",
    "Privacy.forget": "a person's own records, wherever they are",
    "Privacy.sweep": "what is old, wherever it is",
}


@pytest.mark.parametrize("store", [Guilds, Jobs, Keys, Privacy])
def test_every_store_method_takes_the_server(store: type) -> None:
    for name, method in inspect.getmembers(store, inspect.iscoroutinefunction):
        if name.startswith("_") or f"{store.__name__}.{name}" in ACROSS_SERVERS:
            continue
        first = list(inspect.signature(method).parameters)[1:2]
        whole = {str(parameter) for parameter in inspect.signature(method).parameters}
        assert first in (["guild_id"], ["job"], ["key"]) or "guild_id" in whole, f"{store.__name__}.{name}"


async def elsewhere(world: World) -> Any:
    """A moderator of another server, and a channel there."""
    guild = world.env.create_guild("Elsewhere")
    role = guild.create_role("Mods", permissions=discord.Permissions(manage_guild=True))
    return guild.add_member(world.env.create_user("eve"), roles=[role]), guild.create_text_channel("room")


@pytest.mark.parametrize("job_id", [1, 2, 999_999_999_999_999_999])
async def test_a_forged_button_cancels_no_other_servers_job(world: World, job_id: int) -> None:
    world.sandbox.runs.queue_seconds = 3600
    await world.add_key()
    await world.text()
    (ticket,) = world.client.worker._tickets.values()
    eve, room = await elsewhere(world)
    service = world.client.service
    given = ticket.job.id if job_id == 1 else job_id
    for guild_id, moderator in ((room.guild.id if hasattr(room, "guild") else 0, True), (0, True)):
        with pytest.raises(Exception, match="nothing to cancel"):
            await service.cancel(guild_id, given, member_id=eve.id, is_moderator=moderator)
    assert world.client.worker.open_jobs == 1
    await world.moderator.click(world.card(), label="Cancel")
    await world.quiet()


def test_custom_ids_hold_nothing_but_a_number() -> None:
    assert CANCEL_PREFIX == "v1:cancel:"
    assert FORGET_ID == "v1:forget"


async def test_autocomplete_shows_a_member_no_keys(world: World) -> None:
    await world.add_key()
    for scope in world.env.backend.commands.values():
        for found in scope.values():
            found["default_member_permissions"] = None
    for command in ("key test", "key remove", "key order"):
        assert await world.member.autocomplete(world.channel, f"lipsync-admin {command}", "provider", "") == []
    offered = await world.moderator.autocomplete(world.channel, "lipsync-admin key test", "provider", "")
    assert [choice["value"] for choice in offered] == ["runcomfy"]


@pytest.mark.parametrize("command", ["key test", "key order", "key choose"])
async def test_members_decide_nothing_even_if_discord_let_the_command_through(world: World, command: str) -> None:
    await world.add_key()
    for scope in world.env.backend.commands.values():
        for found in scope.values():
            found["default_member_permissions"] = None
    options: dict[str, dict[str, Any]] = {
        "key test": {"provider": "runcomfy"},
        "key order": {"provider": "runcomfy", "place": 1},
        "key choose": {"take": "cheapest"},
    }
    refused = await world.member.slash(world.channel, f"lipsync-admin {command}", **options[command])
    assert "Manage Server" in answer(refused)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/clip.mp4",
        "https://cdn.discordapp.com.evil.example/clip.mp4",
        "https://evil.example/cdn.discordapp.com/clip.mp4",
        "https://cdn.discordapp.com@evil.example/clip.mp4",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "",
    ],
)
def test_only_discords_own_files_are_attachments(url: str) -> None:
    assert not Intake(None, None, ()).is_attachment(url)  # type: ignore[arg-type]
    assert Intake(None, None, ()).is_attachment("https://cdn.discordapp.com/attachments/1/2/clip.mp4?ex=1")  # type: ignore[arg-type]
    assert Intake(None, None, {"cdn.example:81"}).is_attachment("http://cdn.example:81/x.mp4")  # type: ignore[arg-type]


async def test_a_gateway_is_used_only_where_the_operator_allows() -> None:
    async with open_client() as client:
        gateway = KlingGateway(Http(client, {"api.good.example"}))
        credentials = {"api_key": "gw-canary-0001", "address": "https://api.evil.example"}
        with pytest.raises(InputRejected, match=r"allows only these gateways: api\.good\.example"):
            await gateway.check_key(credentials)
        with pytest.raises(InputRejected):
            await gateway.submit(Submission("lipsync", text_request("text"), HANDLE, {}, credentials))


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1", "https://10.1.2.3", "https://[::1]", "https://[::ffff:10.0.0.1]", "https://[64:ff9b::a00:1]",
        "https://[2002:a00:1::]", "https://169.254.169.254", "https://localhost", "http://example.com", "https://0.0.0.0",
        "https://[fd00::1]", "https://100.64.0.1",
    ],
)  # fmt: skip
async def test_a_gateway_inside_the_operators_network_is_never_reached(world: World, address: str) -> None:
    world.client.keyring._providers["kling_gateway"]._base = ""
    said = await world.fill_key_form("kling_gateway", ["gw-canary-0001", address])
    assert "couldn't be reached" in said
    assert "nothing was saved" in said
