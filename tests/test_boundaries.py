"""Nobody reaches what isn't theirs: by store, by button, by address."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.app.client import Mouthpiece
from bot.chat.custom_ids import (
    APPROVE_PREFIX,
    BLOCK_PREFIX,
    CANCEL_PREFIX,
    CHARGED_PREFIX,
    DENY_PREFIX,
    FORGET_ID,
    FREE_PREFIX,
    FULL_PREFIX,
    REFUND_PREFIX,
    REMOVE_PREFIX,
    RESTORE_PREFIX,
)
from bot.domain.results import Posted
from bot.files.incoming import Incoming
from bot.net.client import Http
from bot.net.faults import BadAddress
from bot.net.transport import open_transport
from bot.providers.base import Submission
from bot.providers.kling_gateway import KlingGateway
from bot.words.refusals.jobs import NoSuchJob
from cogs.jobs import DirectButton
from storage import stores
from storage.stores import Stores
from tests.providers.samples import HANDLE, text_request
from tests.world import World, answer

MODERATORS_BUTTONS = (
    *(APPROVE_PREFIX, DENY_PREFIX, RESTORE_PREFIX, REMOVE_PREFIX, BLOCK_PREFIX),
    *(REFUND_PREFIX, CHARGED_PREFIX, FREE_PREFIX),
)
# Store methods that are not about one server, and why.
ACROSS_SERVERS = {
    "Access.attest": "a person's own word, wherever it is given",
    "Cases.catch_up": "the task that tells moderators",
    "Cases.due": "the task that tells moderators",
    "LogEntries.waiting": "the log channels' task",
    "Deletions.begun_before": "what the last life of the bot left half done",
    "DirectMessages.agree": "a person's own word, wherever it is given",
    "DirectMessages.agreed": "a person's own word, wherever it is given",
    "DirectMessages.withdraw": "a person's own word, wherever it is given",
    "Guilds.present": "which servers the bot was in, at the start",
    "Claims.claim": "the worker, of which each has jobs of all servers",
    "Claims.listen": "the worker; what it hears is that there is something, and not of whom",
    "Jobs.with_files": "what lies on disk, whosever it is",
    "Privacy.about": "a person's own records, wherever they are",
    "Privacy.forget": "a person's own records, wherever they are",
    "Privacy.sweep": "what is old, wherever it is",
    "StageTimes.last": "providers, which take as long for all servers",
    "Unanswered.take": "the start, which answers whoever still waits",
    "Unanswered.change": "what is noted of all commands at once, each with its server",
    "Unanswered.sweep": "what is old, wherever it is",
    "Unfinished.sweep": "what is old, wherever it is",
    "Workers.begin": "processes, which work for all servers",
    "Workers.end": "processes, which work for all servers",
    "Workers.take_duty": "processes, which work for all servers",
    "Workers.renew": "processes, which work for all servers",
}


@pytest.mark.parametrize(
    "store", [str(field.type).partition("[")[0] for field in fields(Stores) if field.name != "installation"]
)
def test_every_store_method_takes_the_server(store: str) -> None:
    kind = getattr(stores, store)
    for name, method in inspect.getmembers(kind, inspect.iscoroutinefunction):
        if name.startswith("_") or f"{store}.{name}" in ACROSS_SERVERS:
            continue
        first = list(inspect.signature(method).parameters)[1:2]
        whole = {str(parameter) for parameter in inspect.signature(method).parameters}
        assert first in (["guild_id"], ["job"], ["case"]) or "guild_id" in whole, f"{store}.{name}"


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
    (open_job,) = world.client.services.worker.held.values()
    eve, room = await elsewhere(world)
    service = world.client.services.asking
    given = open_job.job.id if job_id == 1 else job_id
    for guild_id, moderator in ((room.guild.id if hasattr(room, "guild") else 0, True), (0, True)):
        with pytest.raises(Exception, match="nothing to cancel"):
            await service.cancel(guild_id, given, member_id=eve.id, is_moderator=moderator)
    assert world.client.services.worker.open_jobs == 1
    await world.moderator.click(world.card(), label="Cancel")
    await world.quiet()


def test_custom_ids_hold_nothing_but_a_number() -> None:
    assert CANCEL_PREFIX == "v1:cancel:"
    assert FORGET_ID == "v1:forget"
    assert FULL_PREFIX == "v1:full:"
    assert DirectButton(wanted=True).custom_id == "v1:direct:on"


async def test_autocomplete_shows_a_member_no_keys(world: World) -> None:
    await world.add_key()
    for scope in world.env.backend.commands.values():
        for found in scope.values():
            found["default_member_permissions"] = None
    for command in ("key test", "key remove", "key order"):
        assert await world.member.autocomplete(world.channel, f"lipsync-admin {command}", "provider", "") == []
    offered = await world.moderator.autocomplete(world.channel, "lipsync-admin key test", "provider", "")
    assert [choice["value"] for choice in offered] == ["runcomfy"]


# Every moderators' command, with what it wants; one that is missing here fails the test below.
ADMIN: dict[str, dict[str, Any]] = {
    "setup": {},
    "key add": {"provider": "runcomfy"},
    "key list": {},
    "key test": {"provider": "runcomfy"},
    "key order": {"provider": "runcomfy", "place": 1},
    "key choose": {"take": "cheapest"},
    "key remove": {"provider": "runcomfy"},
    "quota set": {"most": 1_000, "unit": "jobs"},
    "quota remove": {"unit": "jobs"},
    "quota list": {},
    "quota grant": {"amount": 9, "unit": "jobs", "lasting": "3d", "reason": "x"},
    "quota end-grant": {"number": 1},
    "quota check": {"member": "member"},
    "access channels": {},
    "access roles": {},
    "access age": {"account_days": 0, "member_days": 0},
    "access block": {"member": "member"},
    "access unblock": {"member": "member"},
    "access status": {},
    "log": {},
    "approval": {"which": "off"},
    "report": {},
    "jobs": {},
    "settle": {},
}


def let_everybody_through(world: World) -> None:
    """As if the server's owner had opened the commands to all: Discord then asks nobody for a permission."""
    for scope in world.env.backend.commands.values():
        for found in scope.values():
            found["default_member_permissions"] = None


def test_every_moderators_command_is_known_here(world_commands: set[str]) -> None:
    assert world_commands == set(ADMIN)


@pytest.fixture
async def world_commands(world: World) -> set[str]:
    """The full names of all commands below `/lipsync-admin`."""
    group = world.client.tree.get_command("lipsync-admin")
    assert isinstance(group, app_commands.Group)
    return {
        command.qualified_name.removeprefix("lipsync-admin ")
        for command in group.walk_commands()
        if isinstance(command, app_commands.Command)
    }


async def test_members_decide_nothing_even_if_discord_let_the_command_through(world: World) -> None:
    await world.add_key()
    let_everybody_through(world)
    for command, options in ADMIN.items():
        given = {name: world.moderator if value == "member" else value for name, value in options.items()}
        refused = await world.member.slash(world.channel, f"lipsync-admin {command}", **given)
        assert not refused.modal, command
        assert "Only members with the Manage Server permission" in answer(refused), command
    assert await world.client.services.server_rules.rules(world.guild.id) == []
    assert not await world.parts.database.rows("SELECT * FROM blocks")


async def test_a_moderator_who_is_one_no_more_decides_nothing_on_an_open_panel(world: World) -> None:
    shown = await world.moderator.slash(world.channel, "lipsync-admin setup")
    assert shown.response
    offered = await world.moderator.click(shown.response, label="Log channel")
    form = await world.moderator.click(shown.response, label="Limits")
    assert form.modal
    guild = world.client.get_guild(world.guild.id)
    (role,) = [role for role in guild.roles if role.name == "Mods"] if guild else []
    world.env.backend.remove_member_role(world.guild.id, world.moderator.id, role.id)
    for label in ("Add a key", "Limits", "Channels", "Roles", "Log channel", "Approval", "Check again"):
        pressed = await world.moderator.click(shown.response, label=label)
        assert not pressed.modal, label
        assert "Only members with the Manage Server permission" in answer(pressed), label
    assert offered.response
    menu = offered.response.components[0]["components"][0]["custom_id"]
    chosen = await world.moderator.select(offered.response, [world.channel], custom_id=menu)
    assert "Only members with the Manage Server permission" in answer(chosen)
    values = {part["component"]["custom_id"]: "1" for part in form.modal["components"]}
    assert "Only members with the Manage Server permission" in answer(await world.moderator.submit_modal(form, values))
    assert await world.client.services.server_rules.rules(world.guild.id) == []


DECISIONS: dict[str, Callable[[Mouthpiece, int, int], Awaitable[object]]] = {
    "approve": lambda client, guild, job: client.services.decisions.approve(guild, job, by=1),
    "deny": lambda client, guild, job: client.services.decisions.deny(guild, job, by=1),
    "refund": lambda client, guild, job: client.services.decisions.refund(guild, job, by=1),
    "settle": lambda client, guild, job: client.services.decisions.settle(guild, job, charged=False, by=1),
    "report": lambda client, guild, job: client.services.reports.report(guild, job, Posted(0, 1, 2), by=1),
    "decide": lambda client, guild, job: client.services.reports.decide(guild, job, "removed", block=True, by=1),
    "delete": lambda client, guild, job: client.services.reports.delete(
        guild, job, Posted(guild, 1, 2), by=1, is_moderator=True
    ),
}


@pytest.mark.parametrize("decision", DECISIONS)
async def test_nobody_decides_about_another_servers_job(world: World, decision: str) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    (message,) = world.outcomes()
    await world.member.click(message, label="Report")
    before = await world.client.services.ledger.jobs(world.guild.id)
    _, room = await elsewhere(world)
    guild_id = world.env.backend.get_channel(room.id).guild_id
    assert guild_id
    for forged in (before[0].id, 999_999_999_999_999_999):
        with pytest.raises(NoSuchJob):
            await DECISIONS[decision](world.client, guild_id, forged)
    assert await world.client.services.ledger.jobs(world.guild.id) == before
    assert world.outcomes()[0].attachments


async def test_nobody_fetches_another_servers_video(world: World) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    (job,) = await world.client.services.ledger.jobs(world.guild.id)
    _, room = await elsewhere(world)
    guild_id = world.env.backend.get_channel(room.id).guild_id
    assert guild_id
    for forged in (job.id, 999_999_999_999_999_999):
        with pytest.raises(NoSuchJob):
            await world.client.services.kept_videos.fetchable(guild_id, forged, by=world.member.id)
    assert (await world.client.services.kept_videos.own(guild_id, world.member.id)).jobs == []
    assert (await world.client.services.kept_videos.own(world.guild.id, world.moderator.id)).jobs == []


@pytest.mark.parametrize("prefix", MODERATORS_BUTTONS)
async def test_a_member_with_a_moderators_button_decides_nothing(world: World, prefix: str) -> None:
    """A button can come before a member's eyes: a log channel that everybody reads, or a forged message."""
    await world.add_key()
    await world.text()
    await world.quiet()
    (job,) = await world.client.services.ledger.jobs(world.guild.id)
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Press me", custom_id=f"{prefix}{job.id}"))
    view.stop()
    channel = world.client.get_partial_messageable(world.channel.id, guild_id=world.guild.id)
    await channel.send("here", view=view)
    message = next(each for each in world.channel.history() if each.content == "here")
    pressed = await world.member.click(message, label="Press me")
    assert "Only members with the Manage Server permission" in answer(pressed)
    assert await world.client.services.ledger.jobs(world.guild.id) == [job]


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/clip.mp4",
        "https://cdn.discordapp.com.evil.example/clip.mp4",
        "https://evil.example/cdn.discordapp.com/clip.mp4",
        "https://cdn.discordapp.com@evil.example/clip.mp4",
        "http://cdn.discordapp.com/attachments/1/2/clip.mp4",
        "https://cdn.discordapp.com:8443/attachments/1/2/clip.mp4",
        "https://me@cdn.discordapp.com/attachments/1/2/clip.mp4",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "",
    ],
)
def test_only_discords_own_files_are_attachments(url: str) -> None:
    nothing: Any = None
    proxy = "http://proxy.example:81/api/v10"
    own, behind_proxy = (Incoming(nothing, nothing, address, nothing, nothing) for address in ("", proxy))
    assert not own.is_attachment(url)
    assert not behind_proxy.is_attachment(url)
    assert not own.is_attachment("http://proxy.example:81/x.mp4")
    assert behind_proxy.is_attachment("http://proxy.example:81/x.mp4")
    for incoming in (own, behind_proxy):
        assert incoming.is_attachment("https://cdn.discordapp.com/attachments/1/2/clip.mp4?ex=1")


async def test_a_gateway_is_used_only_where_the_operator_allows() -> None:
    async with open_transport() as client:
        gateway = KlingGateway(Http(client, {"api.good.example"}))
        credentials = {"api_key": "gw-canary-0001", "address": "https://api.evil.example"}
        with pytest.raises(BadAddress, match=r"allows only these gateways: api\.good\.example"):
            await gateway.check_key(credentials)
        with pytest.raises(BadAddress):
            await gateway.submit(Submission("lipsync", text_request("text"), HANDLE, {}, credentials))


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1", "https://10.1.2.3", "https://[::1]", "https://[::ffff:10.0.0.1]", "https://[64:ff9b::a00:1]",
        "https://[2002:a00:1::]", "https://169.254.169.254", "https://localhost", "http://example.com", "https://0.0.0.0",
        "https://[fd00::1]", "https://100.64.0.1", "https://u:p@example.com", "https://xn--a", "https://a..b", "https://127.1",
        "https://[::7f00:1]", "https://[64:ff9b:1::a00:1]", "https://[::ffff:0:a00:1]", "https://192.88.99.1",
    ],
)  # fmt: skip
async def test_a_gateway_inside_the_operators_network_is_never_reached(world: World, address: str) -> None:
    gateway: Any = world.parts.providers["kling_gateway"]
    gateway._base = ""
    said = await world.fill_key_form("kling_gateway", ["gw-canary-0001", address])
    assert "couldn't be reached" in said or "its address can't be used" in said
    assert "nothing was saved" in said
