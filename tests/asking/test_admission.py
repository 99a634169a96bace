"""One server's flood is refused in words, and the others don't notice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.asking.admission import LOOKING_AT_ONCE
from bot.domain.media_facts import MediaFacts
from bot.domain.request import Media
from bot.providers.base import Accepted, Submission
from bot.words.refusals.limits import BotBusy, ServerBusy
from tests.canned import canned_look
from tests.scripted import scripted, start, until
from tests.world import World


@pytest.mark.settings(max_open_jobs_per_server=3)
async def test_a_server_with_too_much_under_way_is_told_so_and_may_go_on_afterwards(world: World) -> None:
    provider = scripted(world)
    gate = asyncio.Event()

    async def wait(_: Submission) -> Accepted:
        await gate.wait()
        return Accepted("r")

    provider.on_submit = wait
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
    looking = most = 0
    at_once = LOOKING_AT_ONCE - LOOKING_AT_ONCE // 4  # a quarter is left for other servers

    async def look(media: Media, into: Path) -> MediaFacts:
        nonlocal looking, most
        looking += 1
        most = max(most, looking)
        await gate.wait()
        looking -= 1
        return await canned_look(media, into)

    world.parts.incoming.look = look  # type: ignore[method-assign]
    waiting = [asyncio.create_task(start(world, number)) for number in range(25)]
    await until(lambda: sum(task.done() for task in waiting) == 5 and looking >= at_once)
    gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert most == at_once
    assert sum(isinstance(result, ServerBusy) for result in results) == 5
    await world.quiet()


@pytest.mark.settings(max_open_jobs=1)
async def test_the_bot_as_a_whole_takes_only_so_much(world: World) -> None:
    provider = scripted(world)
    gate = asyncio.Event()

    async def wait(_: Submission) -> Accepted:
        await gate.wait()
        return Accepted("r")

    provider.on_submit = wait
    await start(world)
    with pytest.raises(BotBusy):
        await start(world, 2)
    gate.set()
    await world.quiet()
