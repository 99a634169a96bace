"""What the tests of the sandbox share."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.samples.files import write_first, write_others


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all clips and recordings to try, which is left as it is: drawing them takes seconds."""
    folder = tmp_path_factory.mktemp("samples")
    write_first(folder)
    write_others(folder)
    return folder
