"""An edit that goes wrong leaves nothing behind, and the next one works."""

from __future__ import annotations

import ctypes
import gc
import time
from dataclasses import replace
from pathlib import Path
from types import NoneType

import anyio
import pytest

from bot.domain.edits import ClipEdit, SoundEdit
from bot.media import editor as editing
from bot.media.child import Task, TooMuchWork, Unreadable
from bot.media.edit.clips import write_clip
from bot.media.editor import Editor
from bot.media.pool import open_pool
from bot.media.probe import Probe
from tests.conftest import SOMEBODY
from tests.media.conftest import Make
from tests.media.odd_files import Odd, seen, tone

EDIT = ClipEdit(seconds=1.0, width=320, height=240, most_bytes=2**20)
HERE = __name__


def begin_and_hang(_: Path, __: ClipEdit, target: Path) -> None:
    target.write_bytes(b"half")
    time.sleep(60)


def begin_and_spoil(_: Path, __: ClipEdit, target: Path) -> None:
    with target.open("r+b", buffering=0) as data:
        while True:
            data.write(b"spoilt")
            time.sleep(0.01)


def begin_and_crash(_: Path, __: ClipEdit, target: Path) -> None:
    target.write_bytes(b"half")
    ctypes.string_at(0)


def begin_and_eat(_: Path, __: ClipEdit, target: Path) -> None:
    target.write_bytes(b"half")
    kept = []
    while True:
        kept.append(bytearray(2**28))


def write_clip_without_collecting(source: Path, edit: ClipEdit, target: Path) -> None:
    gc.disable()
    try:
        write_clip(source, edit, target)
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("task", "seconds", "fault", "words"),
    [("begin_and_hang", 2.0, TooMuchWork, "too long"), ("begin_and_crash", 30.0, Unreadable, "failed"),
     ("begin_and_eat", 30.0, TooMuchWork, "memory")],
)  # fmt: skip
async def test_a_child_that_fails_leaves_no_file(
    task: str, seconds: float, fault: type[Exception], words: str, make: Make, editor: Editor, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    source = make(Odd())
    with monkeypatch.context() as patch:
        patch.setattr(editing, "CLIP", Task(HERE, task, NoneType))
        patch.setattr(editing, "EDIT", replace(editing.EDIT, seconds=seconds, memory_bytes=2**30))
        with pytest.raises(fault, match=words):
            await editor.clip(source, EDIT, tmp_path / "clip")
    assert not list(tmp_path.iterdir())
    await editor.clip(source, EDIT, tmp_path / "clip")
    assert [file.name for file in tmp_path.iterdir()] == ["clip"]


async def test_two_lives_that_do_one_edit_write_two_files(
    make: Make, editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should a child of an earlier run still write: it spoils no file of this one, and nothing of it is taken."""
    source, target = make(Odd()), tmp_path / "clip"
    async with open_pool() as earlier, anyio.create_task_group() as group:
        with monkeypatch.context() as patch:
            patch.setattr(editing, "CLIP", Task(HERE, "begin_and_spoil", NoneType))
            group.start_soon(Editor(earlier).clip, source, EDIT, target)
            while not any(file.stat().st_size for file in tmp_path.iterdir()):
                await anyio.lowlevel.checkpoint()
        await editor.clip(source, EDIT, target)
        made = target.read_bytes()
        (spoilt,) = tmp_path.glob("*.part")
        size = spoilt.stat().st_size
        while spoilt.stat().st_size == size:
            await anyio.lowlevel.checkpoint()
        assert target.read_bytes() == made
        group.cancel_scope.cancel()
    assert seen(target)
    assert [file.name for file in tmp_path.iterdir()] == ["clip"]


async def test_a_real_edit_is_stopped_in_time(
    make: Make, editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second would be enough to begin, but never to write three minutes of that size."""
    endless = replace(EDIT, seconds=190.0, width=1920, height=1080, most_bytes=2**30)
    monkeypatch.setattr(editing, "EDIT", replace(editing.EDIT, seconds=1.5))
    with pytest.raises(TooMuchWork, match="too long"):
        await editor.clip(make(Odd()), endless, tmp_path / "clip")
    assert not list(tmp_path.iterdir())


async def test_a_target_that_is_there_already_is_kept_until_the_new_one_is_whole(
    make: Make, editor: Editor, tmp_path: Path
) -> None:
    (tmp_path / "clip").write_bytes(b"old")
    (tmp_path / "broken").write_bytes(b"broken")
    with pytest.raises(Unreadable):
        await editor.clip(tmp_path / "broken", EDIT, tmp_path / "clip")
    assert (tmp_path / "clip").read_bytes() == b"old"
    await editor.clip(make(Odd()), EDIT, tmp_path / "clip")
    assert (tmp_path / "clip").read_bytes()[4:8] == b"ftyp"


async def test_frames_do_not_pile_up_in_memory(
    make: Make, editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred of these are 1.2 GB, and the child may have 1 GB in all, of which libraries take a good part."""
    monkeypatch.setattr(editing, "EDIT", replace(editing.EDIT, memory_bytes=2**30))
    monkeypatch.setattr(editing, "CLIP", Task(HERE, "write_clip_without_collecting", NoneType))
    source = make(Odd(sides=(3840, 2160), seconds=4.0))
    await editor.clip(source, replace(EDIT, seconds=4.0), tmp_path / "clip")


async def test_a_clip_that_can_not_be_decoded_to_its_end_is_refused(make: Make, editor: Editor, tmp_path: Path) -> None:
    """Rather than to pay for one in which the last good picture stands still."""
    odd = Odd(noise=True, seconds=4.0, audio=None, options={"movflags": "faststart"})
    content = bytearray(make(odd).read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    (tmp_path / "damaged").write_bytes(content)
    with pytest.raises(Unreadable, match="damaged"):
        await editor.clip(tmp_path / "damaged", replace(EDIT, seconds=4.0), tmp_path / "clip")


async def test_looking_does_not_wait_for_an_edit(make: Make, editor: Editor, probe: Probe, tmp_path: Path) -> None:
    source = make(Odd())
    await probe.look(source, SOMEBODY)  # so that the child is there
    over = []
    async with anyio.create_task_group() as group:

        async def edit() -> None:
            await editor.clip(source, replace(EDIT, seconds=20.0), tmp_path / "clip")
            over.append("edit")

        group.start_soon(edit)
        group.start_soon(edit)
        await probe.look(source, SOMEBODY)
        over.append("look")
    assert over == ["look", "edit", "edit"]


async def test_three_hours_of_silence_are_looked_into_at_once(probe: Probe, editor: Editor, tmp_path: Path) -> None:
    """Measured from every packet: an encoder's header would do for a wav, and lies in an mp3."""
    import av  # noqa: PLC0415

    silence = tmp_path / "silence"
    with av.open(silence, "w", format="mp3") as output:
        track = output.add_stream("libmp3lame", rate=16_000, layout="mono")
        track.bit_rate = 8_000
        for frame in tone(10.0, 16_000, 0.0):
            output.mux(track.encode(frame))
        output.mux(track.encode(None))
    content = silence.read_bytes()
    first = content.index(b"\xff\xf3")
    silence.write_bytes(content[first + 300 :] * (3 * 360))
    begin = time.monotonic()
    facts = await probe.look(silence, SOMEBODY)
    assert time.monotonic() - begin < 5
    assert facts.seconds == pytest.approx(3 * 3600, rel=0.05)
    await editor.sound(silence, SoundEdit(seconds=5.0, most_bytes=2**20), tmp_path / "sound")
    assert (await probe.look(tmp_path / "sound", SOMEBODY)).seconds == pytest.approx(5.0, abs=0.001)
