"""What every test may need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database, open_database

GUILD, OTHER_GUILD, MEMBER = 1001, 1002, 2001


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A fresh database in a real file."""
    async with open_database(tmp_path / "bot.db") as opened:
        yield opened
