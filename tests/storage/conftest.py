"""Every test of a store runs twice: on the newest schema, and on one that a later version has added columns to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.engine.database import Database, Transaction
from storage.engine.sqlite import open_database


@pytest.fixture(params=["newest schema", "one more column in every table"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A fresh database in a real file."""
    async with open_database(tmp_path / "bot.db") as opened:
        if request.param != "newest schema":
            await opened.write(_widen, guild_id=None)
        yield opened


async def _widen(tx: Transaction) -> None:
    """Add a column that no store knows to every table."""
    for table in await tx.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
        await tx.row(f"ALTER TABLE {table['name']} ADD COLUMN of_a_later_version TEXT DEFAULT 'unknown'")
