"""Hundreds of damaged files: each gives facts or a sentence, in time, and the bot lives on."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from bot.domain.edits import ClipEdit, SoundEdit
from bot.domain.media_facts import MediaFacts
from bot.media.child import TooMuchWork
from bot.media.editor import Editor
from bot.media.probe import BOUNDS, Probe, Unreadable
from tests.conftest import SOMEBODY
from tests.media.conftest import Make
from tests.media.odd_files import Odd
from tests.media.test_odd_files import SOUNDS, VIDEOS

SMALL = (64, 48)
KINDS = {
    "mp4": Odd(sides=SMALL, options={"movflags": "faststart"}),
    "mp4 in fragments": Odd(sides=SMALL, options={"movflags": "frag_keyframe+empty_moov"}),
    "mov": Odd(sides=SMALL, format="mov", turned=90),
    "webm": VIDEOS["webm"][0],
    "gif": Odd(format="gif", video="gif", pixels="rgb8", audio=None, sides=SMALL, rate=10, codec_options={}),
    "mp3": SOUNDS["mp3"][0],
    "voice message": SOUNDS["voice message"][0],
    "flac": SOUNDS["flac"][0],
    "wav": SOUNDS["wav"][0],
}
EACH = 36  # 324 in all
HEADER = 2_000  # bytes, where damage does most


def damaged(content: bytes, dice: random.Random) -> bytes:
    """The file with some bytes changed, a part missing, or one there twice; mostly at its begin."""
    made = bytearray(content)
    for _ in range(dice.choice([1, 2, 8, 40])):
        at = dice.randrange(min(len(made), dice.choice([64, HEADER, len(made)])))
        match dice.randrange(6):
            case 0:
                made[at] ^= 1 << dice.randrange(8)
            case 1:
                made[at] = dice.choice([0, 1, 0x7F, 0x80, 0xFF])
            case 2:
                made[at : at + 4] = dice.choice([b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x00" * 4, b"\x80\x00\x00\x00"])
            case 3:
                del made[at : at + dice.randrange(1, 64)]
            case 4:
                made[at:at] = made[at : at + dice.randrange(1, 64)]
            case _:
                made = made[: dice.randrange(len(made) // 2, len(made) + 1)] or made
        if len(made) < 2:
            break
    return bytes(made)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_damaged_file_gives_facts_or_a_sentence(kind: str, make: Make, probe: Probe, tmp_path: Path) -> None:
    dice = random.Random(kind)
    content, file = make(KINDS[kind]).read_bytes(), tmp_path / "file"
    understood, words = 0, set()
    for _ in range(EACH):
        file.write_bytes(damaged(content, dice))
        begin = time.monotonic()
        try:
            facts = await probe.look(file, SOMEBODY)
        except Unreadable as why:
            words.add(str(why))
        else:
            understood += 1
            assert isinstance(facts, MediaFacts)
            assert facts.seconds > 0
            assert facts.width or facts.has_sound
        assert time.monotonic() - begin < BOUNDS.seconds + 1
    assert all(sentence.startswith(("it ", "its ", "reading ")) for sentence in words)
    assert understood  # else this would test nothing but the first four bytes


@pytest.mark.parametrize("kind", ["mp4", "webm", "gif", "mp3", "voice message"])
async def test_a_damaged_file_is_edited_or_refused(kind: str, make: Make, editor: Editor, tmp_path: Path) -> None:
    dice = random.Random(kind)
    content, file, target = make(KINDS[kind]).read_bytes(), tmp_path / "file", tmp_path / "out"
    edited = 0
    for _ in range(12):
        file.write_bytes(damaged(content, dice))
        if KINDS[kind].video:
            work = editor.clip(file, ClipEdit(seconds=0.5, width=64, height=64, most_bytes=2**20), target)
        else:
            work = editor.sound(file, SoundEdit(seconds=0.5, most_bytes=2**20), target)
        try:
            await work
        except (Unreadable, TooMuchWork):
            assert not target.exists()
        else:
            edited += 1
            target.unlink()
        assert list(tmp_path.iterdir()) == [file]
    assert edited
