"""One server's flood is refused in words, and the others don't notice."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from bot.asking.admission import LOOKING_AT_ONCE, READING_AT_ONCE
from bot.asking.server import Server
from bot.chat.server.automod import TooSlow
from bot.domain.ask import Ask, Asker, Place
from bot.domain.media_facts import MediaFacts
from bot.domain.request import Media
from bot.fair_queue import Owned
from bot.providers.base import Accepted, Submission, Waiting
from bot.words.refusals.access import AutoModTooSlow
from bot.words.refusals.asks import TextEmpty
from bot.words.refusals.limits import BotBusy, ServerBusy
from storage.servers.access import ServerView
from tests.canned import canned_look
from tests.conftest import OTHER_GUILD
from tests.scripted import CLIP, Scripted, scripted, start, until
from tests.world import World


def held_up(provider: Scripted) -> asyncio.Event:
    """Let the provider answer to no submission before this is set."""
    gate = asyncio.Event()

    async def wait(_: Submission) -> Accepted:
        await gate.wait()
        return Accepted("r")

    provider.on_submit = wait
    return gate


@pytest.mark.settings(max_open_jobs_per_server=3)
async def test_a_server_with_too_much_under_way_is_told_so_and_may_go_on_afterwards(world: World) -> None:
    gate = held_up(scripted(world))
    results = await asyncio.gather(*(start(world, number) for number in range(10)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, ServerBusy)]
    assert len(refused) == 7
    assert "Nothing was started" in str(refused[0])
    gate.set()
    await world.quiet()
    await start(world, 11)
    await world.quiet()


@pytest.mark.settings(max_open_jobs_per_server=20)
async def test_commands_whose_files_are_being_looked_at_count_and_take_turns(world: World) -> None:
    scripted(world)
    gate = asyncio.Event()
    looking, most = Counter[int](), 0  # files, by command
    at_once = LOOKING_AT_ONCE - LOOKING_AT_ONCE // 4  # a quarter is left for other servers

    async def look(media: Media, into: Path, owner: Owned) -> MediaFacts:
        nonlocal most
        assert isinstance(owner, Ask)
        looking[owner.interaction_id] += 1
        most = max(most, len(+looking))
        await gate.wait()
        looking[owner.interaction_id] -= 1
        return await canned_look(media, into, owner)

    world.parts.incoming.look = look  # type: ignore[method-assign]
    waiting = [asyncio.create_task(start(world, number)) for number in range(25)]
    await until(lambda: sum(task.done() for task in waiting) == 5 and len(looking) >= at_once)
    gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert most == at_once
    assert sum(isinstance(result, ServerBusy) for result in results) == 5
    await world.quiet()


@pytest.mark.settings(max_open_jobs_per_server=1)
async def test_nothing_is_read_for_a_command_that_its_server_has_no_place_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = scripted(world)
    gate = held_up(provider)
    await start(world)
    await until(lambda: provider.submits)
    read: list[object] = []
    monkeypatch.setattr(Server, "read", lambda *given: read.append(given))
    results = await asyncio.gather(*(start(world, number) for number in range(2, 50)), return_exceptions=True)
    assert all(isinstance(result, ServerBusy) for result in results)
    assert read == []
    gate.set()
    await world.quiet()


async def test_it_is_read_what_the_server_is_for_so_many_commands_at_once_and_for_another_servers_meanwhile(
    world: World,
) -> None:
    scripted(world)
    seen_by, gate, reading = world.parts.stores.access.seen_by, asyncio.Event(), list[int]()

    async def slow(guild_id: int, member_id: int, version: int) -> ServerView:
        reading.append(guild_id)
        if guild_id == world.guild.id:
            await gate.wait()
        return await seen_by(guild_id, member_id, version)

    world.parts.stores.access.seen_by = slow  # type: ignore[method-assign]
    flood = [asyncio.create_task(start(world, number)) for number in range(20)]
    await until(lambda: len(reading) >= READING_AT_ONCE - READING_AT_ONCE // 4)
    elsewhere = Ask(Place(OTHER_GUILD, 3, "#studio"), Asker(4), 5, CLIP)
    with pytest.raises(TextEmpty):
        await world.client.services.asking.start(elsewhere)
    assert reading.count(world.guild.id) == READING_AT_ONCE - READING_AT_ONCE // 4
    gate.set()
    await asyncio.gather(*flood)
    await world.quiet()


@pytest.mark.settings(max_open_jobs=1)
async def test_the_bot_as_a_whole_takes_only_so_much(world: World) -> None:
    gate = held_up(scripted(world))
    await start(world)
    with pytest.raises(BotBusy):
        await start(world, 2)
    gate.set()
    await world.quiet()


async def test_a_server_whose_rules_are_too_slow_is_told_so_and_they_are_not_applied_at_once_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied: list[str] = []

    def slow(_: object, text: str, **__: object) -> None:
        applied.append(text)
        raise TooSlow

    scripted(world)
    monkeypatch.setattr("bot.asking.access.forbidding", slow)
    monkeypatch.setattr("bot.chat.server.automod._word_rules", lambda _: ())
    place = Place(world.guild.id, world.channel.id, world.channel.mention, reads_automod=True)
    audio = Media(url="https://cdn.discordapp.com/a.mp3", name="a.mp3", size=10)
    for number in range(3):
        ask = Ask(place, Asker(world.member.id), number, CLIP, audio=audio, provider="scripted")
        with pytest.raises(AutoModTooSlow, match="Nothing was started"):
            await world.client.services.asking.start(ask)
    assert len(applied) == 1


@pytest.mark.settings(max_open_jobs_per_server=3, max_open_jobs=5)
async def test_what_other_processes_have_under_way_counts_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(world)
    await start(world, 1)
    await world.quiet()
    counted = [(3, 3), (0, 5), (2, 4)]

    async def open_count(guild_id: int) -> tuple[int, int]:
        assert guild_id == world.guild.id
        return counted.pop(0)

    monkeypatch.setattr(type(world.parts.stores.ledger), "open_count", staticmethod(open_count))
    await start(world, 2)
    world.client.services.worker.is_alone = False
    with pytest.raises(ServerBusy):
        await start(world, 3)
    with pytest.raises(BotBusy):
        await start(world, 4)
    await start(world, 5)
    assert counted == []


@pytest.mark.settings(max_open_jobs_per_server=1)
async def test_what_was_left_open_counts_before_it_is_taken_on(world: World) -> None:
    scripted(world).on_poll = lambda *_: Waiting()
    worker = world.client.services.worker
    job = await start(world)
    worker.held.drop(worker.held[job.id])  # as if an earlier life had left it
    worker.resumed.clear()
    with pytest.raises(ServerBusy):
        await start(world, 2)
    worker.resumed.set()
    await start(world, 3)
