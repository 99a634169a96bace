"""Puts files into their place on the bot's own disk, whole or not at all, and takes them away. Nothing else links,
copies or renames files, or makes part files.

What the disk refuses is raised as `Unwritable`: it is full most of the time.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from secrets import token_hex
from tempfile import NamedTemporaryFile, mkstemp
from typing import TypeVar

from bot.net.faults import Unwritable

Chunk = TypeVar("Chunk", bytes, memoryview)

PART = ".part"  # how the names end of files that aren't whole
PROCESS = token_hex(4)  # this one, in the names of its parts


@contextmanager
def disk_faults() -> Iterator[None]:
    """Raise what the disk refuses as `Unwritable`. Put nothing inside that talks to the network: its faults are
    `OSError`s too.
    """
    try:
        yield
    except OSError as error:
        raise Unwritable(f"the disk refuses it: {error.strerror}") from None


@contextmanager
def placed(target: Path) -> Iterator[Path]:
    """Give a new, empty file to write to, and rename it to `target` at the end. Nothing stays of a file that was not
    finished, nor of what an earlier process left of it.

    Nobody else writes that file: not whoever else places the target, nor what may still run of an earlier process. Only
    the bot's own user may read it.
    """
    with disk_faults():
        _clear(target)
        number, name = mkstemp(dir=target.parent, prefix=f"{target.name}.{PROCESS}.", suffix=PART)
        os.close(number)
    part = Path(name)
    try:
        yield part
        move(part, target)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


async def add(part: Path, chunks: Sequence[Chunk], also: Callable[[Chunk], object] | None = None) -> None:
    """Add chunks to the end of a file, and give each to `also`, in a thread. That has ended afterwards, however often
    this is cancelled meanwhile: it needs the file. `Unwritable` when the disk refuses one, which some only do when a
    file is closed.
    """

    def work() -> None:
        with disk_faults(), part.open("ab") as file:
            file.writelines(chunks)
        if also:
            for chunk in chunks:
                also(chunk)

    doing = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(doing)
    finally:
        while not doing.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({doing})
        if not doing.cancelled():
            doing.exception()  # of somebody who was cancelled, nobody else looks at it


def _clear(target: Path) -> None:
    for part in target.parent.glob(f"{escape(target.name)}.*part"):
        if part.suffix == PART and not part.name.startswith(f"{target.name}.{PROCESS}."):
            part.unlink(missing_ok=True)


def move(source: Path, target: Path) -> Path:
    """Rename a file or a folder within one file system, in place of what `target` was; gives `target` back."""
    with disk_faults():
        return source.replace(target)


def link_or_copy(source: Path, target: Path) -> None:
    """Put a file into a second place, as a hard link where the file system has them. `FileNotFoundError` when `source`
    isn't there.
    """
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # there are none on CIFS and exFAT
        with placed(target) as part, disk_faults():
            shutil.copyfile(source, part)


def makes_links(folder: Path) -> bool:
    """Whether a file in that folder can have a second place there. `Unwritable` when none can be made at all."""
    second = folder / f"{token_hex(8)}{PART}"
    with disk_faults(), NamedTemporaryFile(dir=folder, suffix=PART) as first:
        try:
            os.link(first.name, second)
        except OSError:
            return False
        second.unlink()
        return True


def remove(entry: Path) -> None:
    """Delete a file, or a folder with what is in it."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)
