"""Puts files into their place on the bot's own disk, whole or not at all. Nothing else links, copies or renames files,
or makes part files.

What the disk refuses is raised as `Unwritable`: it is full most of the time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.net.faults import Unwritable


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
    """Give a path to write to, and rename what was written there to `target` at the end. Nothing stays of a file that
    was not finished.
    """
    part = target.with_name(f"{target.name}.part")
    with disk_faults():
        part.unlink(missing_ok=True)
    try:
        yield part
        move(part, target)
    finally:
        with suppress(OSError):
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
