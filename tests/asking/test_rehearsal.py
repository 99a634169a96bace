"""The first line of `/lipsync-admin setup` is green where an ordinary member's command is accepted, and only there."""

from __future__ import annotations

import importlib
import shutil
from collections import namedtuple
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import discord
import pytest
from simcord.builders import ChannelHandle

from bot.domain.typical_ask import CLIP
from bot.errors import Refusal
from bot.jobs.worker import Worker
from bot.net.download import LEFT_FREE
from bot.words.refusals import access, asks, files, jobs, keys, limits, log, results
from storage.servers.limit_rules import Rule
from tests.scripted import scripted
from tests.test_architecture import MODULES, under
from tests.world import World, answer

Patch = pytest.MonkeyPatch
Make = Callable[[World, Patch], Awaitable[ChannelHandle | None]]
Usage = namedtuple("Usage", "total used free")
VIDEO = (CLIP.name, bytes(CLIP.size))
TEXT = "A line that is long enough to be spoken by anybody."


async def nothing(world: World, patch: Patch) -> None:
    """There is no key."""


async def a_key(world: World, patch: Patch) -> None:  # noqa: ARG001
    await world.add_key()


async def no_permission(world: World, patch: Patch) -> ChannelHandle:  # noqa: ARG001
    await world.add_key()
    mute: Any = {world.client.user: discord.PermissionOverwrite(attach_files=False)}
    return world.guild.create_text_channel("mute", overwrites=mute)


async def another_channel(world: World, patch: Patch) -> None:  # noqa: ARG001
    await world.add_key()
    lounge = world.guild.create_text_channel("lounge")
    await world.client.services.server_rules.allow(world.guild.id, "channel", [lounge.id], by=1)


async def a_role(world: World, patch: Patch) -> None:  # noqa: ARG001
    await world.add_key()
    regular = world.guild.create_role("Regular")
    await world.client.services.server_rules.allow(world.guild.id, "role", [regular.id], by=1)


async def unreadable_rules(world: World, patch: Patch) -> None:
    async def away(_: int) -> None:
        raise aiohttp.ServerDisconnectedError

    await world.add_key()
    patch.setattr(world.client.http, "get_auto_moderation_rules", away)


async def no_words_allowed(world: World, patch: Patch) -> None:  # noqa: ARG001
    await world.add_key()
    rule = {
        "name": "Silence", "event_type": 1, "trigger_type": 1, "actions": [{"type": 1, "metadata": {}}],
        "trigger_metadata": {"keyword_filter": [], "regex_patterns": ["."], "allow_list": []},
    }  # fmt: skip
    world.env.backend.create_auto_mod_rule(world.guild.id, world.moderator.id, rule)


def limited(*rules: Rule, key: str = "runcomfy", fields: tuple[str, ...] = ("rc-canary-key-0001",)) -> Make:
    async def make(world: World, patch: Patch) -> None:  # noqa: ARG001
        await world.fill_key_form(key, fields)
        for rule in rules:
            await world.client.services.server_rules.put(world.guild.id, rule, by=1)

    return make


async def switched_off(world: World, patch: Patch) -> None:  # noqa: ARG001
    await world.add_key()
    await switch_off(world, "runcomfy")


async def switch_off(world: World, provider: str) -> None:
    info = await world.parts.stores.keys.current(world.guild.id, provider)
    assert info
    await world.parts.stores.keys.switch_off(world.guild.id, info.id, reason="bad_key", now=1.0)


async def one_of_two_switched_off(world: World, patch: Patch) -> None:  # noqa: ARG001
    await world.add_key()
    await world.fill_key_form("runware", ["rw-canary-key-0001"])
    await switch_off(world, "runware")


async def recordings_only(world: World, patch: Patch) -> None:  # noqa: ARG001
    scripted(world)


async def much_under_way_here(world: World, patch: Patch) -> None:
    await world.add_key()
    patch.setattr(world.client.services.worker, "open_in", lambda _: 10**6)


async def much_under_way(world: World, patch: Patch) -> None:
    await world.add_key()
    patch.setattr(Worker, "open_jobs", 10**6)


async def shutting_down(world: World, patch: Patch) -> None:
    await world.add_key()
    patch.setattr(world.client.services.worker, "draining", True)


def disk(free: int) -> Make:
    async def make(world: World, patch: Patch) -> None:
        await world.add_key()
        patch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12 - free, free))

    return make


async def approval(world: World, patch: Patch) -> None:  # noqa: ARG001
    await world.add_key()
    await world.parts.stores.guilds.approve(world.guild.id, "always", 0, by=1, now=1.0)


# Worlds in which no ordinary member gets a video, by what refuses them.
REFUSING: Mapping[type[Refusal], tuple[Make, ...]] = {
    access.PlaceUnfit: (no_permission,),
    access.ChannelClosed: (another_channel,),
    access.RoleMissing: (a_role,),
    access.AutoModUnreadable: (unreadable_rules,),
    access.WordsForbidden: (no_words_allowed,),
    limits.LimitReached: (
        limited(Rule("everyone", 0, "jobs", "day", 0)),
        limited(Rule("everyone", 0, "active", "now", 0)),
        limited(Rule("server", 0, "seconds", "month", 1)),
        limited(Rule("server", 0, "cents", "month", 1)),
    ),
    limits.PriceUnknown: (limited(Rule("server", 0, "cents", "month", 100), key="alad", fields=("al-canary-0001",)),),
    limits.ServerBusy: (much_under_way_here,),
    limits.BotBusy: (much_under_way,),
    limits.ShuttingDown: (shutting_down,),
    keys.NoKey: (nothing,),
    keys.KeySwitchedOff: (switched_off,),
    asks.NothingFits: (recordings_only,),
    files.DiskFull: (disk(LEFT_FREE),),
    files.ServerDiskFull: (disk(LEFT_FREE + 2 * CLIP.size),),
}
ACCEPTING: tuple[Make, ...] = (
    a_key,
    one_of_two_switched_off,
    approval,
    limited(Rule("server", 0, "cents", "month", 100)),
    limited(Rule("server", 0, "seconds", "month", 60)),
    disk(LEFT_FREE + 100 * CLIP.size),
)
# What else people are refused with, and why that says nothing of what an ordinary member's command comes to.
ELSEWHERE: Mapping[str, set[type[Refusal]]] = {
    "it is about what this one person did, or is": {
        *(access.Blocked, access.TooNew, access.ChannelUnfit, asks.AlreadyAsked),
    },
    "it is about what they typed or attached": {
        *(asks.TextEmpty, asks.NothingToSay, asks.TextAndRecording, asks.NothingToSpeakIn, asks.NoClipChosen),
        *(asks.PartUnclear, asks.FormGone, asks.OfferGone, keys.KeyMissing, keys.UnknownProvider, files.UnreadableFile),
        *(files.NoAttachment, files.NoMedia, files.FileTooLarge, files.FileNotFetched, files.FileRemoved),
        access.AutoModTooSlow,
    },
    "Discord says that the bot may post there, and then refuses a post": {access.CannotPost},
    "it is said before a form is opened, where `NoKey` or `KeySwitchedOff` would follow": {keys.NoWorkingKey},
    "it is about a job or a result that is there already": {
        *(jobs.NoSuchJob, jobs.NotYours, jobs.NothingToCancel, jobs.NothingKnownToCancel, jobs.NotCancellable),
        *(jobs.NotYoursToRepeat, jobs.OnItsWay, files.ClipThrownAway, files.FilesAway),
        *(results.VideoThrownAway, results.NotYoursToFetch, results.PiecesTooLarge, results.FetchFailed),
        *(
            results.AlreadyReported,
            results.AlreadyReviewed,
            results.ReportsUsedUp,
            results.UndecidedReport,
            results.NotYoursToDelete,
            results.CannotRemove,
        ),
        results.DiscordAway,
    },
    "it is said to moderators": {
        *(access.NotAllowed, access.MemberBlocked, access.NotBlocked, jobs.NotWaiting, jobs.NothingToRefund),
        *(jobs.NothingToSettle, limits.OneOrAll, limits.NoSuchRule, limits.NoSuchGrant, limits.BadDuration),
        *(limits.BadNumber, results.AlreadyDecided, log.LogNeeded, log.ChannelRefuses, log.ChannelUntold),
        *(log.BadMonth, keys.KeyRejected, keys.KeyUnlikely, keys.KeyLost, keys.KeyRefused, keys.KeyWithoutCredit),
        *(keys.KeyWithBadAddress, keys.KeyTestRefused, keys.KeyUntested, keys.NoSuchKey),
    },
}


def refusals() -> set[type[Refusal]]:
    """Everything that people can be refused with."""
    for module in MODULES:
        if under(module, ("bot.words.refusals",)):
            importlib.import_module(module)
    found, left = set(), [Refusal]
    while left:
        children = left.pop().__subclasses__()
        left += children
        found |= {one for one in children if one.__module__.startswith("bot.words.refusals.")}
    return found


async def tried(world: World, channel: ChannelHandle | None) -> tuple[str, str]:
    """What an ordinary member reads after `/lipsync text`, and a moderator at the same moment in the first line of
    `/lipsync-admin setup`.
    """
    place = channel or world.channel
    shown = answer(await world.moderator.slash(place, "lipsync-admin setup"))
    said = await world.text(place, video=VIDEO, text=TEXT)
    return said, shown.partition("\n**")[0].partition("\n⚠️")[0].partition("\n✅")[0]


def test_every_refusal_is_known_here() -> None:
    elsewhere = [one for those in ELSEWHERE.values() for one in those]
    assert refusals() == {*REFUSING, *elsewhere}
    assert not REFUSING.keys() & set(elsewhere)


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        pytest.param(kind, make, id=f"{kind.__name__}-{number}")
        for kind, worlds in REFUSING.items()
        for number, make in enumerate(worlds)
    ],
)
async def test_where_a_members_command_is_refused_setup_says_so_in_the_same_words(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: type[Refusal], make: Make
) -> None:
    with monkeypatch.context() as patch:
        said, line = await tried(world, await make(world, patch))
    assert line == f"❌ **Members can't make videos here.** {said}"
    begin = kind.sentence.partition("{")[0]
    assert said.startswith(begin)
    assert not await world.client.services.ledger.jobs(world.guild.id)


@pytest.mark.parametrize("make", ACCEPTING)
async def test_where_a_members_command_is_accepted_setup_is_green(
    world: World, monkeypatch: pytest.MonkeyPatch, make: Make
) -> None:
    with monkeypatch.context() as patch:
        said, line = await tried(world, await make(world, patch))
    await world.parts.database.drain()
    assert "is on its way" in said or "waits for this server's moderators" in said
    assert line.startswith("✅ **Members can make videos here**: ")


async def test_looking_at_setup_leaves_no_trace(world: World) -> None:
    await world.add_key()
    before = {table: await rows(world, table) for table in ("jobs", "job_events", "usage_hours", "attestations")}
    for _ in range(3):
        answer(await world.moderator.slash(world.channel, "lipsync-admin setup"))
    assert before == {table: await rows(world, table) for table in before}
    assert world.sandbox.runs.ledger == []
    assert world.channel.history() == []


async def rows(world: World, table: str) -> list[Any]:
    return [tuple(row) for row in await world.parts.database.rows(f"SELECT * FROM {table}")]  # noqa: S608 - our tables
