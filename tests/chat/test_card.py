"""Posts that go wrong: the outcome still arrives, once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.canned import hold_work
from tests.scripted import until
from tests.world import World


async def running(world: World) -> asyncio.Event:
    """A job that is shown and sent, and is done once the event is set."""
    go_on = hold_work(world.sandbox.runs)
    await world.add_key()
    await world.text()
    await until(lambda: world.sandbox.runs.ledger)
    return go_on


def videos(channel: Any) -> list[Any]:
    return [message for message in channel.history() if message.attachments]


async def test_a_deleted_thread_sends_the_video_to_the_channel(world: World) -> None:
    go_on = await running(world)
    world.env.backend.delete_channel(world.thread().id)
    go_on.set()
    await world.quiet()
    assert len(videos(world.channel)) == 1


async def test_a_failed_post_is_made_again_even_if_the_thread_is_gone_by_then(world: World) -> None:
    go_on = await running(world)
    world.env.backend.delete_channel(world.thread().id)
    world.env.inject_error("POST", "/channels/*/messages", status=503, times=2)
    go_on.set()
    await world.quiet()
    assert len(videos(world.channel)) == 1


@pytest.mark.parametrize("status", [503, 429])
async def test_a_post_that_fails_for_a_while_arrives_later_once(world: World, status: int) -> None:
    go_on = await running(world)
    world.env.inject_error("POST", "/channels/*/messages", status=status, times=4)
    go_on.set()
    await world.quiet()
    assert len(videos(world.thread())) == 1


async def test_a_card_that_cannot_be_posted_yet_is_posted_later(world: World) -> None:
    await world.add_key()
    world.env.inject_error("POST", "/channels/*/messages", status=503, times=2)
    assert "as soon as Discord lets me" in await world.text()
    await world.quiet()
    assert len(videos(world.thread())) == 1
    assert sum(bool(message.components) for message in world.channel.history()) == 1


async def test_a_channel_that_refuses_the_card_costs_nothing(world: World) -> None:
    await world.add_key()
    world.env.inject_error("POST", "/channels/*/messages", status=403, times=1)
    assert "I need to be able to post there" in await world.text()
    assert world.client.services.worker.open_jobs == 0
    assert world.sandbox.runs.ledger == []


async def test_a_channel_deleted_meanwhile_ends_the_job_all_the_same(world: World) -> None:
    go_on = await running(world)
    world.env.backend.delete_channel(world.thread().id)
    world.env.backend.delete_channel(world.channel.id)
    go_on.set()
    await world.quiet()
    assert world.client.services.worker.open_jobs == 0
