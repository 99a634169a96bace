"""The database, looked at through a connection that can't write, whoever works on it."""

from __future__ import annotations

from pathlib import Path

from bot.app.database.settings import DatabaseSettings
from bot.app.heartbeats import ALIVE_FACT, DATABASE_SILENT
from bot.clock import Clock
from bot.errors import SettingsError
from bot.words.admin import doctor as words
from bot.words.admin.finding import Finding, ill, ok, warning
from storage.engine.backup import may_have_missed
from storage.engine.database import Reader, StorageError
from storage.engine.encryption import CannotUnseal
from storage.engine.installation import read_fact
from storage.engine.key_rotation import verify
from storage.engine.opening import check_moves, compare_clocks
from storage.engine.schema import migrations
from storage.engine.sqlite_file import VERSION, bears_a_second_checkpointer, has_second_checkpointer
from storage.engine.sqlite_lock import is_owned
from storage.jobs.overview import count_alive, free_jobs

PATIENCE = 3.0  # seconds in which a worker takes a job that has no owner; it looks every second


async def check_schema(reader: Reader) -> Finding:
    """Whether this version of the bot can work on it."""
    try:
        version, newest = await reader.schema(), max(migrations())
    except StorageError as error:
        return ill("schema", str(error), words.UPDATE_BOT)
    if version < newest:
        return warning("schema", f"it is {version}, and this version of the bot has {newest}", words.WILL_MIGRATE)
    return ok("schema", f"it is {version}")


async def check_content(reader: Reader, settings: DatabaseSettings) -> list[Finding]:
    """Whether what is stored is whole, can be worked on, and opened."""
    found = []
    try:
        damage = await reader.damage()
        found.append(
            ill("integrity", damage, words.PUT_BACK) if damage else ok("integrity", "the database is undamaged")
        )
        await check_moves(reader)
    except StorageError as error:
        found.append(ill("integrity", str(error), words.SEE_DATABASE))
        return found
    if await may_have_missed(reader):
        found.append(warning("history", "it is a backup, or was failed over, since the last start", words.OLDER))
    else:
        found.append(ok("history", "this is the database that the bot worked on last, not a backup of it"))
    return [*found, await _master_key(reader, settings)]


async def _master_key(reader: Reader, settings: DatabaseSettings) -> Finding:
    """Whether it opens every stored key; none is made where there is none yet."""
    if settings.makes_master_key:
        return ok("master key", "there is none yet, and no provider key; the next start makes one")
    try:
        count = await verify(reader, settings.master())
    except (CannotUnseal, SettingsError) as error:
        return ill("master key", str(error), words.RIGHT_KEY)
    return ok("master key", words.opened(count))


def check_sqlite(settings: DatabaseSettings) -> Finding:
    """Whether a second program that checkpoints the file may damage it."""
    if bears_a_second_checkpointer():
        return ok("SQLite", f"{VERSION}, which is new enough for Litestream, too")
    if has_second_checkpointer(settings.database_path):
        what = f"{VERSION} is too old for Litestream, which has been at work on the file and may damage it"
        return ill("SQLite", what, words.STOP_LITESTREAM)
    return ok("SQLite", f"{VERSION} works well; Litestream, which isn't in use, would need a newer one")


async def check_file_in_use(reader: Reader, path: Path, clock: Clock) -> Finding:
    """Whether a bot works on SQLite's file."""
    try:
        if not is_owned(path):
            return ok("at work", "no bot is running on the file")
    except StorageError as error:
        return ill("at work", str(error), words.SEE_DATABASE)
    age = clock.now() - float(await read_fact(reader, ALIVE_FACT) or 0.0)
    return ok("at work", words.at_work(age) if age <= DATABASE_SILENT else words.JUST_BEGUN)


async def check_processes(reader: Reader, clock: Clock) -> list[Finding]:
    """Whether processes share the database that work on its jobs, and whether all jobs have one; and its clock."""
    found = []
    try:
        await compare_clocks(reader)
    except StorageError as error:
        found.append(ill("database clock", str(error), words.SET_CLOCK))
    else:
        found.append(ok("database clock", "it is this machine's"))
    count = await count_alive(reader)
    alive = ok("at work", f"{count} processes are at work on the database")
    found.append(alive if count else warning("at work", "no process is at work on the database", words.START_BOT))
    left = await _left_alone(reader, clock)
    return [*found, *([left] if left else [])]


async def _left_alone(reader: Reader, clock: Clock) -> Finding | None:
    """The jobs that nobody takes, though there has been time to."""
    before = await free_jobs(reader)
    if not before:
        return None
    await clock.sleep(PATIENCE)
    still = [at for job_id, at in (await free_jobs(reader)).items() if job_id in before]
    if not still:
        return None
    return ill("free jobs", words.left_alone(len(still), await reader.now() - min(still)), words.ADD_WORKERS)
