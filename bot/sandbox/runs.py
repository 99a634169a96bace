"""What the emulators share: runs that wait in line, are worked on, and end with a real file."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from bot.sandbox.engine import NotVideo
from bot.sandbox.sound import NotSound
from bot.sandbox.studio import Clip, Order, Studio, Unfit

log = logging.getLogger(__name__)

Status = Literal["in_queue", "in_progress", "completed", "failed", "cancelled"]

AT_ONCE = 2  # runs that are worked on at once; the others wait in line
FIRST_ID = 865_289_575_831_703_581  # ids look like the real ones: larger than a JavaScript number can hold


@dataclass
class Run:
    """One accepted order of one account. `seconds` is the length of what was made, or of the clip that was seen."""

    id: str
    account: str
    order: Order
    status: Status = "in_queue"
    result: Path | None = None
    seconds: float = 0.0
    error: str = ""
    handle: str = ""
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Runs:
    """The line, the work and the ledger. Every accepted order stands in `ledger` for good."""

    def __init__(self, folder: Path) -> None:
        self.queue_seconds = 0.0
        self.work_seconds = 0.0
        self.ledger: list[Run] = []
        self.studio = Studio()
        self.slots = asyncio.Semaphore(AT_ONCE)
        self._folder = folder
        self._by_id: dict[str, Run] = {}
        self._numbers = count(FIRST_ID)

    def accept(self, account: str, order: Order, prefix: str = "", *, run_id: str = "", handle: str = "") -> Run:
        """Take the order; this is the moment that costs money. `handle` is the customer's own id for it."""
        run = Run(run_id or f"{prefix}{next(self._numbers)}", account, order, handle=handle)
        self._by_id[run.id] = run
        self.ledger.append(run)
        run.task = asyncio.create_task(self._work(run))
        return run

    async def at_once(self, account: str, order: Order) -> Run:
        """Take an order that needs no line, and do it before answering. `run.status` says how it ended."""
        run = Run(str(next(self._numbers)), account, order, status="in_progress")
        self._by_id[run.id] = run
        self.ledger.append(run)
        await self._do(run)
        return run

    def get(self, run_id: str) -> Run | None:
        """The run of that id."""
        return self._by_id.get(run_id)

    def find(self, account: str, handle: str) -> Run | None:
        """The account's run of that own id."""
        return next((run for run in self.ledger if run.account == account and run.handle == handle), None)

    def position(self, run: Run) -> int:
        """The run's place in the line, from 1."""
        return 1 + sum(other.status == "in_queue" for other in self.ledger[: self.ledger.index(run)])

    def cancel(self, run: Run) -> bool:
        """Cancel the run while it waits; False when it is too late."""
        if run.status != "in_queue":
            return False
        run.status = "cancelled"
        if run.task:
            run.task.cancel()
        return True

    def keep(self, data: bytes, suffix: str) -> str:
        """Keep an uploaded file; its name below `/files/`."""
        name = f"upload-{next(self._numbers)}{suffix}"
        (self._folder / name).write_bytes(data)
        return name

    async def close(self) -> None:
        """Stop all work."""
        tasks = [run.task for run in self.ledger if run.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, run: Run) -> None:
        await asyncio.sleep(self.queue_seconds)
        async with self.slots:
            run.status = "in_progress"
            await asyncio.sleep(self.work_seconds)
            await self._do(run)

    async def _do(self, run: Run) -> None:
        try:
            with TemporaryDirectory(dir=self._folder) as inputs:
                await self._make(run, Path(inputs))
        except (Unfit, NotVideo, NotSound) as error:
            run.status, run.error = "failed", str(error) or type(error).__name__
        except Exception as error:
            log.exception("the sandbox failed at %s", run.id)
            run.status, run.error = "failed", f"internal: {type(error).__name__}"
        else:
            run.status = "completed"

    async def _make(self, run: Run, inputs: Path) -> None:
        order = run.order
        if order.makes == "speech":
            target = self._folder / f"{run.id}.mp3"
            run.seconds = await self.studio.speak(order, target)
        else:
            video = await self.studio.fetch(order.video_url, inputs / "video")
            clip = await self.studio.look(video)
            _fits(clip, order)
            run.seconds = clip.seconds
            if order.makes == "face":
                return
            audio = await self.studio.fetch(order.audio_url, inputs / "audio") if order.audio_url else None
            target = self._folder / f"{run.id}.mp4"
            await self.studio.dub(order, video, audio, target)
        run.result = target


def _fits(clip: Clip, order: Order) -> None:
    shortest, longest = order.seconds
    if not shortest - 0.1 <= clip.seconds <= longest + 0.1:
        raise Unfit(f"video duration {clip.seconds:.1f} s is not within {shortest:g} to {longest:g} s")
    smallest, largest = order.sides
    if not smallest <= min(clip.width, clip.height) <= max(clip.width, clip.height) <= largest:
        raise Unfit(f"video size {clip.width}x{clip.height} is not within {smallest} to {largest} pixels")
