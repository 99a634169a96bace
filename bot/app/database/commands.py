"""What looks after the database from the command line; each gives back what is to be told of it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from bot.app.database.settings import DatabaseSettings
from bot.errors import SettingsError
from bot.words.admin.copies import copied
from bot.words.admin.rotation import given_up, sealed_anew
from storage.engine.backup import backup
from storage.engine.database import StorageError
from storage.engine.key_rotation import reseal, verify
from storage.engine.opening import existing_file, migrate_database, needs_driver, open_existing
from storage.servers.lost_keys import give_up_lost


async def rotate(settings: DatabaseSettings, *, give_up: bool = False) -> str:
    """Seal every stored key with the first of MASTER_KEYS, after giving up those that can't be opened, if that is
    wanted.
    """
    url = settings.database_url.get_secret_value()
    async with open_existing(settings.database_path, url) as database:
        master = settings.master(anew=give_up)
        lost = await give_up_lost(database, master) if give_up else None
        await verify(database, master)
        count = await reseal(database, master)
    return "\n".join([*([given_up(*lost)] if lost else []), sealed_anew(count, master.active)])


def copy(settings: DatabaseSettings, file: Path) -> str:
    """Copy SQLite's file."""
    if settings.database_url:
        raise StorageError("this command copies SQLite's file; copy a database on PostgreSQL with its own pg_dump")
    backup(settings.database_path, file)
    return copied(file, settings.data_folder / "files")


async def migrate(settings: DatabaseSettings) -> str:
    """Bring the database to the newest schema."""
    version = await migrate_database(settings.database_path, settings.database_url.get_secret_value())
    return f"The database has schema {version}, and this version of the bot can work on it."


async def move_database(settings: DatabaseSettings) -> str:
    """Move everything from SQLite's file to PostgreSQL."""
    if not settings.database_url:
        raise SettingsError(problem="DATABASE_URL: is not set; it names the database to move to")
    with needs_driver():
        from storage.moving.move import move  # noqa: PLC0415 - only with the extra `postgres` installed
    master, path = settings.master(), settings.database_path
    async with AsyncExitStack() as stack:
        try:
            source = await stack.enter_async_context(existing_file(path))
        except StorageError as error:
            raise SettingsError(problem=f"DATABASE_PATH: {error}") from None
        await verify(source, master)
        moved = await move(path, source, settings.database_url.get_secret_value())
    return (
        f"{moved}\n\nEverything is in the database at DATABASE_URL. Leave that and MASTER_KEYS set, and start the bot."
    )
