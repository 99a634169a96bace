"""What every test may need."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from hypothesis import settings

from bot.fair_queue import Owner
from bot.media.pool import WorkerPool, open_pool
from storage.engine.database import Database
from storage.engine.sqlite import open_database
from tests import bucket
from tests.fresh_database import make_database
from tests.postgres import server
from tests.storage.engines import Schema, create
from tests.world import World, open_world

settings.register_profile("calm", deadline=None)  # no test is about time, and these machines are noisy
settings.load_profile("calm")

GUILD, OTHER_GUILD, MEMBER = 1001, 1002, 2001
SOMEBODY = Owner(GUILD, MEMBER)


def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each core, as tests wait for sockets and child processes much of their time; 16 at most."""
    return min(16, 2 * (os.cpu_count() or 1))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is loaded until the tests begin is no garbage, and isn't looked through again and again while they run."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


def pytest_unconfigure() -> None:
    """Let what is still open be closed in silence, as ever."""
    gc.unfreeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each worker files of every folder: a worker begins with one stretch of the tests, and the slow ones stand
    together. What the tests of one file share is made once.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    files = [[*tests] for _, tests in groupby(items, key=lambda item: item.path)]
    items[:] = chain.from_iterable(chain.from_iterable(files[first::workers] for first in range(workers)))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A fresh database in a real file."""
    async with open_database(make_database(tmp_path / "bot.db")) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Mapping[Schema, str]:
    """The addresses of two databases for this process, on the server of the run."""
    base = tmp_path_factory.getbasetemp()
    address = server(base if worker_id == "master" else base.parent)
    return {
        "newest schema": asyncio.run(create(address, f"newest_{worker_id}")),
        "one more column in every table": asyncio.run(create(address, f"wider_{worker_id}", widen=True)),
    }


@pytest.fixture(scope="session")
def bucket_address() -> Iterator[str]:
    """Where a server with a bucket listens."""
    with bucket.serving() as address:
        yield address


@pytest.fixture
def in_bucket(bucket_address: str) -> dict[str, Any]:
    """Settings of a bot that keeps files in a bucket of its own."""
    return bucket.settings_of(bucket_address, token_hex(4))


@pytest.fixture
def kept_in(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings of where files are kept: in the data folder, unless a test is run for a bucket, too."""
    return request.getfixturevalue("in_bucket") if getattr(request, "param", "") == "bucket" else {}


@pytest.fixture
async def world(tmp_path: Path, request: pytest.FixtureRequest, kept_in: dict[str, Any]) -> AsyncIterator[World]:
    """The bot in the simulated Discord; with other settings where a test is marked with them."""
    marked = request.node.get_closest_marker("settings")
    changed = {**kept_in, **(marked.kwargs if marked else {})}
    opened: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def keep_open() -> None:
        # One task opens and closes it: the simulated Discord insists on leaving in the context in which it was entered.
        async with open_world(tmp_path, **changed) as found:
            opened.set_result(found)
            await over.wait()

    keeping = asyncio.create_task(keep_open())
    await asyncio.wait([opened, keeping], return_when=asyncio.FIRST_COMPLETED)
    if not opened.done():
        await keeping
    yield opened.result()
    over.set()
    await keeping


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    """Where strangers' files are opened."""
    async with open_pool() as opened:
        yield opened


@dataclass
class FullDisk:
    """A disk that has no room for downloads while it is full."""

    is_full: bool = False


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    """There is room until a test says that there is none."""
    disk, opened = FullDisk(), Path.open

    def opening(file: Path, *args: Any, **named: Any) -> Any:
        return opened(Path("/dev/full") if disk.is_full and file.suffix == ".part" else file, *args, **named)

    monkeypatch.setattr(Path, "open", opening)
    return disk
