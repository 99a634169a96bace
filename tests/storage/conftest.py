"""Every test of a store runs on each engine, and there twice: on the newest schema, and on one that a later version has
added columns to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from storage.engine import sqlite
from storage.engine.database import Database
from tests.postgres import server
from tests.storage.engines import Engine, Fresh, Schema, add_columns, create, emptied


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """What the database is."""
    found: Engine = request.param
    return found


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Mapping[Schema, str]:
    """The addresses of two databases for this process, on the server of the run."""
    base = tmp_path_factory.getbasetemp()
    address = server(base if worker_id == "master" else base.parent)
    return {
        "newest schema": asyncio.run(create(address, f"newest_{worker_id}")),
        "one more column in every table": asyncio.run(create(address, f"wider_{worker_id}", widen=True)),
    }


@pytest.fixture
def fresh(engine: Engine, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """Opens an empty database, as often as it is called."""
    if engine == "sqlite":
        return lambda: sqlite.open_database(tmp_path_factory.mktemp("sqlite") / "bot.db")
    url = request.getfixturevalue("postgres")["newest schema"]
    return lambda: emptied(url)


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
