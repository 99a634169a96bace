"""Media for these tests: made once per module, as small as can be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.media.editor import Editor
from bot.media.pool import WorkerPool
from bot.media.probe import Probe
from tests.media.odd_files import Odd, write

Make = Callable[[Odd], Path]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Writes a file, under a name that says nothing, unless there is one already."""
    folder = tmp_path_factory.mktemp("odd")
    made: dict[str, Path] = {}

    def once(odd: Odd) -> Path:
        if repr(odd) not in made:
            made[repr(odd)] = write(odd, folder / f"file{len(made)}")
        return made[repr(odd)]

    return once


@pytest.fixture
def editor(pool: WorkerPool) -> Editor:
    return Editor(pool)


@pytest.fixture
def probe(pool: WorkerPool) -> Probe:
    return Probe(pool)
