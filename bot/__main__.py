"""`mouthpiece` or `python -m bot`, and what to do: serve Discord, show a demo, or look after the database.

Each command imports what it needs itself, so that the others, and what is wrong with the command line, wait for none of
it, and Ctrl+C is heard meanwhile.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bot.version import VERSION

if TYPE_CHECKING:
    from bot.app.database.settings import DatabaseSettings

CANNOT_START, FAILED, INTERRUPTED = 2, 1, 130  # exit codes; what has failed is worth starting again


def _run(_: argparse.Namespace) -> int:
    gc.disable()  # what is loaded stays; looking for garbage begins when the bot works
    import asyncio
    import logging

    from bot.app.background import TaskEnded
    from bot.app.connection import DiscordUnreachable
    from bot.app.logs import start_logging
    from bot.app.process import run
    from bot.app.settings import read_settings
    from bot.errors import SettingsError
    from storage.engine.database import StorageError

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
        logging.getLogger(__name__).critical("the bot has failed", exc_info=True)
        return FAILED
    else:
        return 0
    return CANNOT_START


def _said(work: Callable[[DatabaseSettings], str]) -> int:
    """Do something to the database and say what was done; the exit code."""
    from bot.app.database.settings import DatabaseSettings, read_as
    from bot.errors import SettingsError
    from bot.words.admin.operator import WRONG_MASTER_KEY
    from storage.engine.database import StorageError
    from storage.engine.encryption import CannotUnseal
    from storage.engine.sqlite_file import NoCopy

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
    import asyncio

    from bot.app.database.commands import rotate

    return _said(lambda settings: asyncio.run(rotate(settings, give_up=given.give_up_lost)))


def _backup(given: argparse.Namespace) -> int:
    from pathlib import Path

    from bot.app.database.commands import copy

    return _said(lambda settings: copy(settings, Path(given.file)))


def _migrate(_: argparse.Namespace) -> int:
    import asyncio

    from bot.app.database.commands import migrate

    return _said(lambda settings: asyncio.run(migrate(settings)))


def _move(_: argparse.Namespace) -> int:
    import asyncio

    from bot.app.database.commands import move_database

    return _said(lambda settings: asyncio.run(move_database(settings)))


def _doctor(_: argparse.Namespace) -> int:
    """Look at everything; the exit code is that of the worst."""
    import asyncio

    from bot.app.doctor.examine import examine
    from bot.app.logs import start_logging
    from bot.clock import Clock
    from bot.words.admin.doctor import table

    start_logging("CRITICAL", "text")
    findings, secrets = asyncio.run(examine(os.environ, Clock()))
    text = table(findings)
    for secret in filter(None, secrets):
        text = text.replace(secret, "[secret]")
    print(text)
    return max(found.level for found in findings)


def _demo(_: argparse.Namespace) -> int:
    try:
        from bot.sandbox.demo import main  # only with the extra `demo` installed
    except ModuleNotFoundError as error:
        print(f"demo: needs the extra “demo” installed ({error.name} is missing), as `make demo` does", file=sys.stderr)
        return CANNOT_START
    return main()


COMMANDS: Mapping[str, tuple[Callable[[argparse.Namespace], int], str]] = {
    "run": (_run, "serve Discord"),
    "doctor": (_doctor, "look at everything, beside a running bot or without one, and say what mends what is wrong"),
    "demo": (_demo, "show it all, with no token, key or network"),
    "backup": (_backup, "copy SQLite's file into FILE; the bot may be running"),
    "migrate": (_migrate, "bring the database to the newest schema, before an upgrade on PostgreSQL"),
    "rotate-keys": (_rotate, "seal the provider keys with the first of MASTER_KEYS, while the bot is stopped"),
    "move-database": (
        _move,
        "move everything from the file at DATABASE_PATH to PostgreSQL at DATABASE_URL, while the bot is stopped",
    ),
}


def command_line() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The parser of the command line, and that of each command by its name."""
    parser = argparse.ArgumentParser(prog="mouthpiece", description="A lip-sync bot for Discord.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    added = parser.add_subparsers(required=True)
    commands = {name: added.add_parser(name, help=help_, description=help_) for name, (_, help_) in COMMANDS.items()}
    for name, command in commands.items():
        command.set_defaults(command=COMMANDS[name][0])
    commands["backup"].add_argument("file", metavar="FILE")
    commands["rotate-keys"].add_argument(
        "--give-up-lost", action="store_true", help="switch off the keys that can't be opened any more"
    )
    return parser, commands


def main() -> int:
    """Parse the command line and do what it says; the process's exit code."""
    try:
        from bot.media.confinement.kernel import keep_memory_private

        parser, _ = command_line()
        os.umask(0o077)  # whatever is written is for the bot's own user
        keep_memory_private()
        given = parser.parse_args()
        if sys.platform == "win32":
            from bot.words.admin.operator import ON_WINDOWS

            print(ON_WINDOWS, file=sys.stderr)
            return CANNOT_START
        return int(given.command(given))
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
