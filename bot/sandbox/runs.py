"""What the emulators share: runs that wait in line, are worked on, and end with a real file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Literal

from bot.sandbox.engine import NotVideo, render
from bot.sandbox.sound import NotSound
from bot.sandbox.speech import speak

Status = Literal["in_queue", "in_progress", "completed", "failed", "cancelled"]
Fetch = Callable[[str], Awaitable[bytes]]


AT_ONCE = 2  # runs that are worked on at once; the others wait in line


class Unfit(Exception):
    """The run can't be done with these files."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is to make: from a text with a voice, or from an audio file."""

    video_url: str
    audio_url: str = ""
    text: str = ""
    voice_id: str = ""
    language: str = "en"
    speed: float = 1.0


@dataclass
class Run:
    """One accepted order of one account."""

    id: str
    account: str
    order: Order
    status: Status = "in_queue"
    result: Path | None = None
    error: str = ""
    task: asyncio.Task[None] | None = field(default=None, repr=False)


Render = Callable[[Run, Path], Awaitable[None]]


class Runs:
    """The line, the work and the ledger. Every accepted order stands in `ledger` for good."""

    def __init__(self, fetch: Fetch, folder: Path) -> None:
        self.queue_seconds = 0.0
        self.work_seconds = 0.0
        self.ledger: list[Run] = []
        self.render: Render = self._render
        self._fetch = fetch
        self._folder = folder
        self._by_id: dict[str, Run] = {}
        self._numbers = count(1)
        self.slots = asyncio.Semaphore(AT_ONCE)

    def accept(self, account: str, order: Order, prefix: str) -> Run:
        """Take the order; this is the moment that costs money."""
        run = Run(f"{prefix}{next(self._numbers):012d}", account, order)
        self._by_id[run.id] = run
        self.ledger.append(run)
        run.task = asyncio.create_task(self._work(run))
        return run

    def get(self, run_id: str) -> Run | None:
        """The run of that id."""
        return self._by_id.get(run_id)

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
            target = self._folder / f"{run.id}.mp4"
            try:
                await self.render(run, target)
            except (Unfit, NotVideo, NotSound) as error:
                run.status, run.error = "failed", str(error) or type(error).__name__
                return
            run.status, run.result = "completed", target

    async def _render(self, run: Run, target: Path) -> None:
        folder = Path(await asyncio.to_thread(mkdtemp, dir=self._folder))
        video = folder / "video"
        await asyncio.to_thread(video.write_bytes, await self._input(run.order.video_url))
        if run.order.audio_url:
            audio = folder / "audio"
            await asyncio.to_thread(audio.write_bytes, await self._input(run.order.audio_url))
            await asyncio.to_thread(render, video, audio, target)
            return
        order = run.order
        speech = await asyncio.to_thread(speak, order.text, order.voice_id, order.language, order.speed)
        await asyncio.to_thread(render, video, speech, target)

    async def _input(self, url: str) -> bytes:
        try:
            return await self._fetch(url)
        except Exception as error:
            raise Unfit(f"the file could not be fetched: {type(error).__name__}") from error
