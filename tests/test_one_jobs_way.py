"""How long the way of the plainest job is: a text, one stage, nothing to mend, from the command to the posted result.

Whoever reads the code follows it; this keeps it from growing unseen. Counted is what `sys.setprofile` tells of
functions in bot, cogs and storage: each frame once, its caller being the nearest frame of ours. What runs beside jobs,
such as the log channel, is left out, and so is what only tells the log and the metrics of them.
"""

from __future__ import annotations

import asyncio
import dis
import inspect
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FrameType

import pytest

from storage.engine.database import Database, Transaction
from tests.canned import CLIP_SECONDS, FilmedStudio, real_clip
from tests.world import open_world

ROOT = f"{Path(__file__).parent.parent}/"
OURS = tuple(f"{ROOT}{package}/" for package in ("bot", "cogs", "storage"))
NOT_ITS_WAY = (f"{ROOT}bot/sandbox/", f"{ROOT}bot/app/monitoring/provider_calls.py")
RUN_BESIDE = (
    *("app/heartbeats", "chat/log_channel", "chat/cases/escalation", "chat/answers/late", "retention/cleanup"),
    "moderation/reports",
)
TELLS = ("app/monitoring/moves", "app/monitoring/loop_lag")
BESIDE = {f"{ROOT}bot/{name}.py" for name in (*RUN_BESIDE, *TELLS)} | {f"{ROOT}storage/engine/installation.py"}
SUSPENDS = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR

Look = Callable[[FrameType, str, object], None]

MOST_FILES = 101
MOST_CALLS = 690


@dataclass
class Way:
    """The files that were entered, the calls from file to file, and how often each function was called."""

    files: set[str] = field(default_factory=set)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    functions: Counter[str] = field(default_factory=Counter)

    @asynccontextmanager
    async def followed(self, database: Database) -> AsyncIterator[None]:
        """Count what is called meanwhile, also in the thread that writes."""
        await self._look_with(self._look, database)
        try:
            yield
        finally:
            await self._look_with(None, database)

    async def _look_with(self, look: Look | None, database: Database) -> None:
        async def work(_: Transaction) -> None:
            sys.setprofile(look)

        await database.write(work, guild_id=None)
        sys.setprofile(look)

    def _look(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call" or not _is_ours(frame) or not _begins(frame):
            return
        ours = [each for each in _stack(frame) if _is_ours(each)]
        if any(each.f_code.co_filename in BESIDE for each in ours):
            return
        here = _file(frame)
        self.files.add(here)
        self.functions[frame.f_code.co_qualname] += 1
        if len(ours) > 1 and (there := _file(ours[1])) != here:
            self.calls[there, here] += 1

    def __str__(self) -> str:
        most = "\n".join(f"{count:4} {there} -> {here}" for (there, here), count in self.calls.most_common())
        return f"{len(self.files)} files, {self.calls.total()} calls over {len(self.calls)} pairs of files\n{most}"


def _is_ours(frame: FrameType) -> bool:
    name = frame.f_code.co_filename
    return name.startswith(OURS) and not name.startswith(NOT_ITS_WAY)


def _begins(frame: FrameType) -> bool:
    """Whether a function is called, and not a module loaded or a coroutine resumed."""
    code = frame.f_code
    return code.co_name != "<module>" and (not code.co_flags & SUSPENDS or frame.f_lasti == _beginning(code))


@cache
def _beginning(code: CodeType) -> int:
    return next(found.offset for found in dis.get_instructions(code) if found.opname == "RESUME")


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _file(frame: FrameType) -> str:
    return frame.f_code.co_filename.removeprefix(ROOT)


async def succeeds_at_its_first_poll(folder: Path) -> Way:
    """The way of such a job."""
    found, clip = Way(), real_clip()
    real_clip(CLIP_SECONDS)  # made now, and not while the job waits for it
    async with open_world(folder, rendering=True) as world:
        world.sandbox.runs.studio = FilmedStudio()
        await world.add_key()
        async with found.followed(world.parts.database):
            assert "is on its way" in await world.text(video=clip)
            await world.quiet()
        assert world.outcomes()[0].attachments
    return found


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Way:
    """The plainest job's."""
    return asyncio.run(succeeds_at_its_first_poll(tmp_path_factory.mktemp("way")))


def test_it_is_no_longer_than_it_has_to_be(way: Way) -> None:
    assert len(way.files) <= MOST_FILES, str(way)
    assert way.calls.total() <= MOST_CALLS, str(way)


def test_what_a_server_has_set_is_read_once_per_command(way: Way) -> None:
    read = {name: way.functions[name] for name in ("Access.seen_by", "usage_of", "Keys.sealed", "Keys.shown")}
    # Limits also in the transaction, keys also to send and when the job is over.
    assert read == {"Access.seen_by": 1, "usage_of": 2, "Keys.sealed": 1, "Keys.shown": 2}


def test_a_key_is_opened_once_for_each_use(way: Way) -> None:
    uses = [way.functions[name] for name in ("RunComfy.price", "RunComfy.submit", "RunComfy.poll")]
    assert uses == [1, 1, 1]
    assert way.functions["MasterKeys.unseal"] == len(uses)


def test_a_request_is_read_from_its_row_once(way: Way) -> None:
    assert way.functions["RequestCodec.read"] == 1
