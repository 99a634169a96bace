"""Opening the database, so that it can be worked on: with the right keys, and knowing what it may have missed."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app.background import TaskEnded
from bot.app.settings import Settings
from bot.errors import SettingsError
from bot.words.admin.operator import WRONG_MASTER_KEY
from storage.engine.backup import reconcile
from storage.engine.database import Database
from storage.engine.encryption import CannotUnseal, MasterKeys
from storage.engine.key_rotation import verify
from storage.engine.opening import open_database
from storage.jobs.workers import end_earlier_lives

log = logging.getLogger(__name__)


@asynccontextmanager
async def own_database(settings: Settings, master: MasterKeys) -> AsyncIterator[Database]:
    """The database that the settings name. `StorageError` or `SettingsError` when it can't be worked on."""
    async with open_database(settings.database_path, settings.database_url.get_secret_value()) as database:
        await _open_every_key(database, master)
        await _reconcile(database)
        await end_earlier_lives(database)
        yield database


async def watch_history(database: Database) -> None:
    """Wait until what was committed may be missing from the database. `TaskEnded` then: a start knows what to do."""
    await database.other_history.wait()
    log.critical(
        "the database is on another line of history than at the start (it was failed over, or a copy is in its "
        "place), so the bot ends; its next start asks about what is open, and sends none of it again"
    )
    raise TaskEnded(name="the history of the database")


async def _open_every_key(database: Database, master: MasterKeys) -> None:
    """Refuse to start with the wrong master key: better now than job by job."""
    try:
        await verify(database, master)
    except CannotUnseal as error:
        raise SettingsError(problem=WRONG_MASTER_KEY.format(why=error)) from None


async def _reconcile(database: Database) -> None:
    """See to it that nothing is sent again that a backup, or a server that was failed over to, doesn't know of."""
    if (count := await reconcile(database)) is not None:
        log.warning(
            "the database is a backup, or was failed over, and may have missed what came last: %d open jobs are asked "
            "about and looked for, and not sent again",
            count,
        )
