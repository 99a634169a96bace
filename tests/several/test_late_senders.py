"""What was announced and comes late: from a sender that froze and wakes, or over a way that takes long. Paid once.

Providers with lookups refuse a second request under the same handle; here they don't, as one might not.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.domain.voices import voices_of
from bot.sandbox.emulators.runware import RunwareEmulator
from bot.sandbox.faults import Faults, Handler
from tests.several.fleet import Fleet, open_fleet
from tests.several.waking import Waking, tasks_in
from tests.storage.engines import Schema

VOICE = next(iter(voices_of("runware")))
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True)
def _handles_are_taken_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    do = RunwareEmulator._do

    async def forgetful(emulator: RunwareEmulator, *given: Any) -> Any:
        emulator._used.clear()
        return await do(emulator, *given)

    monkeypatch.setattr(RunwareEmulator, "_do", forgetful)


def speeches(fleet: Fleet) -> int:
    """How often the first stage was paid for."""
    return sum(run.order.makes == "speech" for run in fleet.sandbox.runs.ledger)


async def wakes_late(url: str, folder: Path, **frozen: Any) -> tuple[int, int | None]:
    """How often a stage is paid for whose sender froze at the seam, and woke when another process had sent it; and the
    sender's exit code.
    """
    async with open_fleet(url, folder, keys={"runware": "rw-1"}) as fleet:
        (sender,) = await fleet.working(1, FREEZE="send", **frozen)
        await fleet.gateway()
        await fleet.ask(voice=VOICE)

        async def is_frozen() -> bool:
            return fleet.file(sender, "frozen").exists()

        await fleet.until(is_frozen)
        await fleet.working(1)

        async def was_sent() -> bool:
            return speeches(fleet) == 1

        await fleet.until(was_sent)
        sender.send_signal(signal.SIGCONT)
        code = await asyncio.wait_for(sender.wait(), 60)
        await fleet.over()
        return speeches(fleet), code


async def test_a_sender_that_wakes_when_another_has_sent_it_sends_nothing_and_ends(
    postgres: Mapping[Schema, str], tmp_path: Path
) -> None:
    assert await wakes_late(postgres["newest schema"], tmp_path) == (1, 1)


async def test_without_the_fence_it_would_be_paid_twice(postgres: Mapping[Schema, str], tmp_path: Path) -> None:
    assert await wakes_late(postgres["newest schema"], tmp_path, WITHOUT="fence") == (2, 1)


async def wakes_meanwhile(url: str, folder: Path, **frozen: Any) -> int:
    """How often a stage is paid for whose sender froze at the seam, and woke while another's request was under way."""
    waking = Waking()
    async with open_fleet(url, folder, keys={"runware": "rw-1"}, faults=waking) as fleet:
        (sender,) = await fleet.working(1, FREEZE="send", **frozen)
        waking.watch(sender, fleet.file(sender, "frozen"))
        await fleet.gateway()
        await fleet.ask(voice=VOICE)

        async def is_frozen() -> bool:
            return fleet.file(sender, "frozen").exists()

        await fleet.until(is_frozen)
        await fleet.working(1)
        await fleet.over()
        assert waking.woken == 1
        return speeches(fleet)


async def test_a_sender_that_wakes_while_another_s_request_is_under_way_takes_nothing_back(
    postgres: Mapping[Schema, str], tmp_path: Path
) -> None:
    assert await wakes_meanwhile(postgres["newest schema"], tmp_path) == 1


async def test_without_the_owner_it_would_queue_the_job_anew_and_have_it_paid_twice(
    postgres: Mapping[Schema, str], tmp_path: Path
) -> None:
    assert await wakes_meanwhile(postgres["newest schema"], tmp_path, WITHOUT="owner") == 2


class Slow(Faults):
    """What spends money arrives only when a test lets it. Counts such requests, and lookups."""

    def __init__(self) -> None:
        super().__init__()
        self.arrives = asyncio.Event()
        self.paid = self.lookups = 0

    def middleware(self) -> Middleware:
        @web.middleware
        async def apply(request: web.Request, handler: Handler) -> web.StreamResponse:
            kinds = {task.get("taskType") for task in await tasks_in(request)}
            self.lookups += "getResponse" in kinds
            if "audioInference" in kinds:
                self.paid += 1
                if self.paid == 1:
                    await self.arrives.wait()
            return await handler(request)

        return apply


async def arrives_late(url: str, folder: Path, **other: Any) -> int:
    """How often a stage is paid for whose request takes longer than its sender lives."""
    slow = Slow()
    async with open_fleet(url, folder, keys={"runware": "rw-1"}, faults=slow) as fleet:
        (sender,) = await fleet.working(1)
        await fleet.gateway()
        await fleet.ask(voice=VOICE)

        async def has_left() -> bool:
            return slow.paid == 1

        await fleet.until(has_left)
        sender.kill()
        await fleet.working(1, **other)

        async def is_looked_up_or_sent() -> bool:
            return slow.lookups > 5 or slow.paid > 1

        await fleet.until(is_looked_up_or_sent)
        slow.arrives.set()
        await fleet.over()
        return speeches(fleet)


async def test_a_request_that_arrives_after_lookups_that_found_nothing_is_the_only_one(
    postgres: Mapping[Schema, str], tmp_path: Path
) -> None:
    assert await arrives_late(postgres["newest schema"], tmp_path) == 1


async def test_without_the_window_it_would_be_sent_again(postgres: Mapping[Schema, str], tmp_path: Path) -> None:
    assert await arrives_late(postgres["newest schema"], tmp_path, WITHOUT="window") == 2
