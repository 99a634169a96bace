"""Files are in their place whole or not at all, on whatever file system."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from bot.net.faults import Unwritable
from bot.placing import PART, add, link_or_copy, move, placed


def refusing(number: int) -> Any:
    """A call of the system that always fails so."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    with placed(tmp_path / "video.mp4") as part:
        part.write_bytes(b"video")
        assert names(tmp_path) == {part.name}
        assert part.suffix == PART
        assert part.stat().st_mode & 0o077 == 0
    assert names(tmp_path) == {"video.mp4"}


def test_nothing_is_left_of_a_file_that_was_not_finished_and_the_earlier_one_stays(tmp_path: Path) -> None:
    (tmp_path / "video.mp4").write_bytes(b"earlier")
    for name in ("video.mp4.part", "video.mp4.0a1b2c3d.x1y2.part"):
        (tmp_path / name).write_bytes(b"of a life before")

    def write() -> None:
        with placed(tmp_path / "video.mp4") as part:
            assert part.read_bytes() == b""
            part.write_bytes(b"vid")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert names(tmp_path) == {"video.mp4"}
    assert (tmp_path / "video.mp4").read_bytes() == b"earlier"


def test_two_who_place_one_file_write_two(tmp_path: Path) -> None:
    with placed(tmp_path / "video.mp4") as first:
        with placed(tmp_path / "video.mp4") as second:
            first.write_bytes(b"half of it")
            second.write_bytes(b"whole")
        assert (tmp_path / "video.mp4").read_bytes() == b"whole"
        first.write_bytes(b"whole, too")
    assert (tmp_path / "video.mp4").read_bytes() == b"whole, too"
    assert names(tmp_path) == {"video.mp4"}


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.EMLINK])
def test_where_there_are_no_hard_links_a_file_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr("os.link", refusing(number))
    (tmp_path / "clip").write_bytes(b"clip")
    link_or_copy(tmp_path / "clip", tmp_path / "other")
    assert (tmp_path / "other").read_bytes() == b"clip"
    assert names(tmp_path) == {"clip", "other"}


def test_where_there_are_hard_links_nothing_is_copied(tmp_path: Path) -> None:
    (tmp_path / "clip").write_bytes(b"clip")
    link_or_copy(tmp_path / "clip", tmp_path / "other")
    assert (tmp_path / "other").samefile(tmp_path / "clip")


def test_a_copy_for_which_there_is_no_room_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.link", refusing(errno.EPERM))
    monkeypatch.setattr("shutil.copyfile", refusing(errno.ENOSPC))
    (tmp_path / "clip").write_bytes(b"clip")
    with pytest.raises(Unwritable, match="No space left"):
        link_or_copy(tmp_path / "clip", tmp_path / "other")
    assert names(tmp_path) == {"clip"}


def test_a_file_that_is_gone_is_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        link_or_copy(tmp_path / "clip", tmp_path / "other")


def test_what_cannot_be_moved_is_a_fault_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(Unwritable):
        move(tmp_path / "clip", tmp_path / "other")


class LateRefusal(io.BytesIO):
    """A file on a disk that refuses what it took only when the file is closed, as some in a network do."""

    def close(self) -> None:
        super().close()
        raise OSError(errno.EDQUOT, "Disk quota exceeded")


async def test_what_a_disk_refuses_when_a_file_is_closed_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "open", lambda *_, **__: LateRefusal())
    with pytest.raises(Unwritable, match="quota"):
        await add(tmp_path / "a.part", [b"a"])


async def test_however_often_it_is_cancelled_nobody_writes_afterwards(tmp_path: Path) -> None:
    part, go_on, begun = tmp_path / "a.part", threading.Event(), threading.Event()

    def digest(_: bytes) -> None:
        begun.set()
        go_on.wait(60)

    adding = asyncio.create_task(add(part, [b"a", b"b"], digest))
    await asyncio.to_thread(begun.wait, 60)
    for _ in range(3):
        adding.cancel()
        await asyncio.sleep(0)
    assert not adding.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await adding
    assert part.read_bytes() == b"ab"
