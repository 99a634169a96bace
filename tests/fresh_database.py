"""An empty database of the newest schema, without making it each time: every migration would be a commit to disk."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.engine.sqlite import open_database


def make_database(path: Path) -> Path:
    """Make an empty SQLite database there, if there is none; the same path."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(_empty())
    return path


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as aside:  # a loop may be running in this thread
        path = Path(folder, "empty.db")
        aside.submit(asyncio.run, _make(path)).result()
        return path.read_bytes()


async def _make(path: Path) -> None:
    async with open_database(path):
        pass
