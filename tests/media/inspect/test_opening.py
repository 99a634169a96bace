"""Which containers and codecs are opened at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest
from av.codec.codec import codecs_available

from bot.domain.edits import ClipEdit, SoundEdit
from bot.media.editor import Editor
from bot.media.inspect.opening import DECODERS, opened
from bot.media.probe import Probe, Unreadable
from tests.conftest import SOMEBODY
from tests.media.conftest import Make
from tests.media.odd_files import Odd

AVI: dict[str, Any] = {"format": "avi", "codec_options": {}, "seconds": 0.2}


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (Odd(video="cinepak", pixels="rgb24", audio=None, **AVI), "picture is stored as “cinepak”, which I don't read"),
        (Odd(video="flv", audio=None, **AVI), "picture is stored as “flv1”, which I don't read"),
        (Odd(format="matroska", video=None, audio="tta"), "sound is stored as “tta”, which I don't read"),
        (Odd(format="matroska", audio="tta"), "sound is stored as “tta”, which I don't read"),
    ],
)  # fmt: skip
async def test_a_codec_that_is_not_listed_is_refused_and_named(
    odd: Odd, words: str, make: Make, probe: Probe, editor: Editor, tmp_path: Path
) -> None:
    file = make(odd)
    with pytest.raises(Unreadable, match=words):
        await probe.look(file, SOMEBODY)
    with pytest.raises(Unreadable, match=words):
        await editor.clip(file, ClipEdit(seconds=0.1, width=64, height=64, most_bytes=2**20), tmp_path / "out")
    with pytest.raises(Unreadable):
        await editor.sound(file, SoundEdit(seconds=0.1, most_bytes=2**20), tmp_path / "out")


def test_no_decoder_that_is_not_listed_runs_even_to_see_what_a_stream_is(make: Make) -> None:
    """FFmpeg decodes a little of every stream when it opens a file."""
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as said, opened(make(Odd(video="cinepak", pixels="rgb24", audio=None, **AVI))):
            pass
    finally:
        av.logging.set_level(None)
    assert any("not on whitelist" in words for _, _, words in said)


def test_every_listed_decoder_is_one_that_the_library_has() -> None:
    assert not DECODERS - codecs_available
