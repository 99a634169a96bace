"""`mouthpiece` or `python -m bot`, and what to do: serve Discord, show a demo, or look after the database."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from bot.app.background import TaskEnded
from bot.app.connection import DiscordUnreachable
from bot.app.database.settings import DatabaseSettings, read_as
from bot.app.doctor.examine import examine
from bot.app.logs import start_logging
from bot.app.process import run
from bot.app.settings import read_settings
from bot.clock import Clock
from bot.errors import SettingsError
from bot.media.confinement.kernel import keep_memory_private
from bot.version import VERSION
from bot.words.admin.copies import copied
from bot.words.admin.doctor import table
from bot.words.admin.operator import ON_WINDOWS, WRONG_MASTER_KEY
from bot.words.admin.rotation import given_up, sealed_anew
from storage.engine.backup import backup
from storage.engine.database import StorageError
from storage.engine.encryption import CannotUnseal
from storage.engine.key_rotation import reseal, verify
from storage.engine.opening import existing_file, migrate_database, needs_driver, open_existing
from storage.engine.sqlite_file import NoCopy
from storage.servers.lost_keys import give_up_lost

log = logging.getLogger(__name__)

CANNOT_START, FAILED = 2, 1  # exit codes; what has failed is worth starting again


def _run(_: argparse.Namespace) -> int:
    try:
        settings = read_settings()
        start_logging(settings.log_level, settings.log_format, settings.secrets)
        asyncio.run(run(settings))
    except SettingsError as error:
        print(error, file=sys.stderr)
    except StorageError as error:
        print(f"{settings.database_setting}: {error}", file=sys.stderr)
    except DiscordUnreachable as error:
        print(error, file=sys.stderr)
        return FAILED
    except TaskEnded:
        return FAILED
    except Exception:
        log.critical("the bot has failed", exc_info=True)
        return FAILED
    else:
        return 0
    return CANNOT_START


async def rotate(settings: DatabaseSettings, *, give_up: bool = False) -> str:
    """Seal every stored key with the first of MASTER_KEYS, after giving up those that can't be opened, if that is
    wanted; what is to be told of it.
    """
    url = settings.database_url.get_secret_value()
    async with open_existing(settings.database_path, url) as database:
        master = settings.master(anew=give_up)
        lost = await give_up_lost(database, master) if give_up else None
        await verify(database, master)
        count = await reseal(database, master)
    return "\n".join([*([given_up(*lost)] if lost else []), sealed_anew(count, master.active)])


def _said(work: Callable[[DatabaseSettings], str]) -> int:
    """Do something to the database and say what was done; the exit code."""
    try:
        settings = read_as(DatabaseSettings)
        print(work(settings))
    except SettingsError as error:
        print(error, file=sys.stderr)
    except CannotUnseal as error:
        print(WRONG_MASTER_KEY.format(why=error), file=sys.stderr)
    except NoCopy as error:
        print(error, file=sys.stderr)
    except StorageError as error:
        print(f"{settings.database_setting}: {error}", file=sys.stderr)
    else:
        return 0
    return CANNOT_START


def _rotate(given: argparse.Namespace) -> int:
    return _said(lambda settings: asyncio.run(rotate(settings, give_up=given.give_up_lost)))


def _backup(given: argparse.Namespace) -> int:
    def work(settings: DatabaseSettings) -> str:
        if settings.database_url:
            raise StorageError("this command copies SQLite's file; copy a database on PostgreSQL with its own pg_dump")
        backup(settings.database_path, given.file)
        return copied(given.file, settings.data_folder / "files")

    return _said(work)


def _migrate(_: argparse.Namespace) -> int:
    def work(settings: DatabaseSettings) -> str:
        version = asyncio.run(migrate_database(settings.database_path, settings.database_url.get_secret_value()))
        return f"The database has schema {version}, and this version of the bot can work on it."

    return _said(work)


async def move_database(settings: DatabaseSettings) -> str:
    """Move everything from SQLite's file to PostgreSQL; what is to be told of it."""
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


def _move(_: argparse.Namespace) -> int:
    return _said(lambda settings: asyncio.run(move_database(settings)))


def _doctor(_: argparse.Namespace) -> int:
    """Look at everything; the exit code is that of the worst."""
    start_logging("CRITICAL", "text")
    findings, secrets = asyncio.run(examine(os.environ, Clock()))
    text = table(findings)
    for secret in filter(None, secrets):
        text = text.replace(secret, "[secret]")
    print(text)
    return max(found.level for found in findings)


def _demo(_: argparse.Namespace) -> int:
    try:
        from bot.sandbox.demo import main  # noqa: PLC0415 - only with the extra `demo` installed
    except ModuleNotFoundError as error:
        print(f"demo: needs the extra “demo” installed ({error.name} is missing), as `make demo` does", file=sys.stderr)
        return CANNOT_START
    return main()


def main() -> int:
    """Parse the command line and do what it says; the process's exit code."""
    parser = argparse.ArgumentParser(prog="mouthpiece", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = parser.add_subparsers(required=True)
    commands.add_parser("run", help="serve Discord").set_defaults(command=_run)
    rotating = commands.add_parser("rotate-keys", help="seal the stored provider keys with the first of MASTER_KEYS")
    rotating.add_argument(
        "--give-up-lost", action="store_true", help="switch off the keys that can't be opened any more"
    )
    rotating.set_defaults(command=_rotate)
    migrating = commands.add_parser("migrate", help="bring the database to the newest schema, before an upgrade")
    migrating.set_defaults(command=_migrate)
    backing = commands.add_parser("backup", help="copy the database into a file; the bot may be running")
    backing.add_argument("file", type=Path)
    backing.set_defaults(command=_backup)
    moving = commands.add_parser("move-database", help="move all from the file at DATABASE_PATH to DATABASE_URL")
    moving.set_defaults(command=_move)
    looking = commands.add_parser("doctor", help="look at everything, beside a running bot or without: what is ill?")
    looking.set_defaults(command=_doctor)
    commands.add_parser("demo", help="see it work: no token, no key, no network").set_defaults(command=_demo)
    os.umask(0o077)  # whatever is written is for the bot's own user
    keep_memory_private()
    given = parser.parse_args()
    if sys.platform == "win32":
        print(ON_WINDOWS, file=sys.stderr)
        return CANNOT_START
    return int(given.command(given))


if __name__ == "__main__":
    sys.exit(main())
