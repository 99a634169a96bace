"""Files that come in: what is found out of them at once."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any, cast

import pytest

from bot.domain.media_facts import MediaFacts
from bot.files import incoming as files
from bot.files.incoming import Incoming
from tests.conftest import SOMEBODY
from tests.fast_clock import FastClock
from tests.scripted import CLIP


async def test_a_file_that_lies_there_is_digested_while_it_is_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_into, digest = threading.Event(), files._digest

    class Looking:
        async def look(self, _: Path, __: object) -> MediaFacts:
            looked_into.set()
            return MediaFacts(frozenset({"mp4"}), 1.0, 720, 720, has_sound=True)

    def meanwhile(file: Path) -> str:
        assert looked_into.wait(30)
        return digest(file)

    monkeypatch.setattr(files, "_digest", meanwhile)
    clip = tmp_path / "clip"
    clip.write_bytes(b"a clip")
    nowhere = cast("Any", None)
    seen = await Incoming(nowhere, tmp_path, "", cast("Any", Looking()), FastClock()).look(CLIP, clip, SOMEBODY)
    assert (seen.size, seen.digest) == (6, hashlib.sha256(b"a clip").hexdigest())
