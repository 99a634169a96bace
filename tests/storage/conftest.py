"""Every test of a store runs on each engine, and there twice: on the newest schema, and on one that a later version has
added columns to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from storage.engine import sqlite
from storage.engine.database import Database
from tests.fresh_database import make_database
from tests.storage.engines import Engine, Fresh, add_columns, emptied
from tests.storage.scans import noted_statements, scans


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """What the database is."""
    found: Engine = request.param
    return found


@pytest.fixture
def fresh(engine: Engine, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """Opens an empty database, as often as it is called."""
    if engine == "sqlite":
        return lambda: sqlite.open_database(make_database(tmp_path_factory.mktemp("sqlite") / "bot.db"))
    url = request.getfixturevalue("postgres")["newest schema"]
    return lambda: emptied(url)


@pytest.fixture(autouse=True)
def no_scans(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a store asks for is found by an index, however many rows there are."""
    asked = noted_statements(monkeypatch)
    yield
    assert scans(asked) == []


@pytest.fixture(params=["newest schema", "one more column in every table"])
async def database(request: pytest.FixtureRequest, engine: Engine, fresh: Fresh) -> AsyncIterator[Database]:
    """An empty database."""
    if engine == "postgres":
        url = request.getfixturevalue("postgres")[request.param]
        async with emptied(url) as opened:
            yield opened
        return
    async with fresh() as opened:
        if request.param != "newest schema":
            await opened.write(add_columns, guild_id=None)
        yield opened
