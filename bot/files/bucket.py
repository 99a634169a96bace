"""A bucket of S3's, or of a server that speaks like it, in which each object is written once and whole."""

from __future__ import annotations

import asyncio
import mmap
import re
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from bot.net.download import LEFT_FREE, PIECE_BYTES
from bot.net.faults import DepotAway, Unwritable
from bot.placing import add, disk_faults, placed

if TYPE_CHECKING:
    from obstore.store import ObjectStore, S3Config

SECONDS = 30.0  # for a call that moves no file
LEAST_SPEED = 1_000_000  # bytes a second; a call that moves a file has as much longer
MOST_LISTED = 250_000_000  # counted as bytes: a call that lists or deletes may take as long as to move so many
LONGEST_CALL = timedelta(minutes=15)  # whatever it moves
RETRIES, RETRIED = 2, timedelta(seconds=10)


class Bucket:
    """Keeps objects by their names. Raises `DepotAway` when it can't be used now."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, name: str, data: bytes | mmap.mmap) -> bool:
        """Put it there unless something is there already; False then."""
        async with _asked(len(data)):
            try:
                await self._store.put_async(name, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
            return True

    async def put_file(self, name: str, file: Path) -> bool:
        """Put a file there unless something is there already; False when that is of another size.

        The file is mapped into memory and not read at once: what is sent in pieces can't be refused at its end.
        """
        data = await asyncio.to_thread(_mapped, file)
        there = await self._size(name)
        if there is None:
            if await self.put(name, data):
                return True
            there = await self._size(name)
        return there == len(data)

    async def get(self, name: str) -> bytes:
        """What is there, if it is something small."""
        async with _asked():
            return bytes(await (await self._store.get_async(name)).bytes_async())

    async def get_file(self, name: str, into: Path) -> bool:
        """Bring what is there to disk, in the place of that file, whose folder is made; False when nothing is there.
        `Unwritable` when the disk has no room for it.
        """
        async with _asked():
            try:
                found = await self._store.get_async(name)
            except FileNotFoundError:
                return False
        size = found.meta["size"]
        with disk_faults():
            into.parent.mkdir(mode=0o700, exist_ok=True)
            if shutil.disk_usage(into.parent).free < LEFT_FREE + size:
                raise Unwritable("the disk has no room for it")
        written = 0
        with placed(into) as part:
            async with _asked(size):
                async for piece in found.stream(min_chunk_size=PIECE_BYTES):
                    await add(part, [memoryview(piece)])
                    written += len(piece)
            if written != size:
                raise DepotAway(f"the bucket broke off at {written} of {size} bytes")
        return True

    async def names(self, prefix: str) -> list[str]:
        """The names of all that is there below."""
        async with _asked(MOST_LISTED):
            return [one["path"] async for objects in self._store.list(prefix) for one in objects]

    async def remove(self, names: Sequence[str]) -> None:
        """Delete these; what isn't there is passed over."""
        if names:
            async with _asked(MOST_LISTED):
                await self._store.delete_async(names)

    async def _size(self, name: str) -> int | None:
        """Bytes of what is there, None for nothing."""
        async with _asked():
            try:
                return (await self._store.head_async(name))["size"]
            except FileNotFoundError:
                return None


def open_bucket(bucket: str, prefix: str, given: Mapping[str, str]) -> Bucket:
    """The bucket; it isn't asked yet. What is empty in `given` is read from the environment, as by AWS's own tools.
    `DepotAway` when something is missing.
    """
    config = cast("S3Config", {name: value for name, value in given.items() if value})
    allow_http = given["endpoint"].startswith("http://")
    try:
        store = S3Store(
            bucket,
            prefix=prefix or None,
            config=config,
            client_options={"allow_http": allow_http, "connect_timeout": "5s", "timeout": LONGEST_CALL},
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRIED},
        )
    except BaseError as error:
        raise DepotAway(f"the bucket: {_told(error)}") from None
    return Bucket(store)


@asynccontextmanager
async def _asked(size: int = 0) -> AsyncIterator[None]:
    """Raise what the bucket refuses, or is too slow with, as `DepotAway`; `size` bytes are to be moved."""
    try:
        async with asyncio.timeout(SECONDS + size / LEAST_SPEED):
            yield
    except TimeoutError:
        raise DepotAway("the bucket doesn't answer in time") from None
    except (BaseError, FileNotFoundError, ValueError) as error:
        raise DepotAway(f"the bucket: {_told(error)}") from None


def _told(error: Exception) -> str:
    """What went wrong, in a line, without the bucket's own document and queries of addresses, which may name keys."""
    first = str(error).partition("\n")[0].partition("<")[0]
    return re.sub(r"\?\S*", "", first).strip() or type(error).__name__


def _mapped(file: Path) -> mmap.mmap:
    """The file's bytes, which stay on disk until they are read. It is closed with the last use of it."""
    with disk_faults(), file.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
