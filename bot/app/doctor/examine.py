"""All of it in one go: each look is bounded, and whatever one of them meets ends no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.app.database.settings import DatabaseSettings, read_as
from bot.app.doctor import database
from bot.app.doctor.bucket import check_bucket
from bot.app.doctor.discord import check_discord
from bot.app.doctor.machine import (
    check_backups,
    check_confinement,
    check_disk,
    check_port,
    check_private,
    check_sandbox,
)
from bot.app.doctor.names import check_names
from bot.app.doctor.providers import check_keys, check_providers
from bot.app.parts import FILES_MARK
from bot.app.settings import Settings, read_settings
from bot.clock import Clock
from bot.errors import SettingsError
from bot.words.admin import doctor as words
from bot.words.admin.finding import Finding, ill, ok
from storage.engine.database import Reader, StorageError
from storage.engine.installation import read_fact
from storage.engine.opening import open_reader
from storage.servers.key_info import KeyInfo
from storage.servers.overview import NamedChannels, current_keys, named_channels

LONGEST = 60.0  # seconds, for one look


@dataclass(slots=True)
class Known:
    """What the database tells that other looks go by; nothing before the first start."""

    servers: Sequence[NamedChannels] = ()
    keys: Sequence[KeyInfo] = ()
    files_mark: str | None = None


async def examine(environment: Mapping[str, str], clock: Clock) -> tuple[Sequence[Finding], Sequence[str]]:
    """How each part is, and the secrets that nobody may be shown. Where the settings can't be read, what they are
    about isn't looked at.
    """
    settings: Settings | None = None
    mistakes = ""
    try:
        settings = read_settings()
    except SettingsError as error:
        mistakes = str(error)
    found = check_names(environment, mistakes)
    known = Known()
    try:
        stored = settings or read_as(DatabaseSettings)
    except SettingsError:
        return [*found, *await check_confinement()], []
    found += check_private(Path(".env"), stored.kept_master_key)
    found += check_disk(stored.data_folder, holds_database=not stored.database_url)
    found += await _bounded("database", lambda: _look_into(stored, clock, known))
    found += await check_confinement()
    if settings:
        found += await _outside(settings, clock, known)
    return found, stored.secrets


async def _outside(settings: Settings, clock: Clock, known: Known) -> list[Finding]:
    """What needs the token, the network, or a setting that the database does without."""
    used = {key.provider for key in known.keys}
    found = [*check_sandbox(settings), *check_backups(settings, clock)]
    found += await _bounded("port", lambda: check_port(settings))
    found += await _bounded("Discord", lambda: check_discord(settings, clock, known.servers))
    found += await _bounded("providers", lambda: check_providers(settings, used))
    return found + await _bounded("bucket", lambda: check_bucket(settings, known.files_mark))


async def _look_into(settings: DatabaseSettings, clock: Clock, known: Known) -> list[Finding]:
    url = settings.database_url.get_secret_value()
    found = [] if url else [database.check_sqlite(settings)]
    if not url and not settings.database_path.exists():
        return [*found, ok("database", "there is none yet; the first start makes it")]
    try:
        async with open_reader(settings.database_path, url) as reader:
            return [*found, *await _read(reader, settings, clock, known)]
    except StorageError as error:
        return [*found, ill("database", f"{settings.database_setting}: {error}", words.SEE_DATABASE)]


async def _read(reader: Reader, settings: DatabaseSettings, clock: Clock, known: Known) -> list[Finding]:
    schema = await database.check_schema(reader)
    found = [schema]
    if schema.level or not await reader.schema():
        return found  # its tables are others
    found += await database.check_content(reader, settings)
    known.servers, known.keys = await named_channels(reader), await current_keys(reader)
    known.files_mark = await read_fact(reader, FILES_MARK)
    found += check_keys(known.keys)
    if settings.database_url:
        return found + await database.check_processes(reader, clock)
    return [*found, await database.check_file_in_use(reader, settings.database_path, clock)]


async def _bounded(name: str, look: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    """What the look finds; that it couldn't be had, where it fails or takes too long. Its error may name a secret."""
    try:
        async with asyncio.timeout(LONGEST):
            return await look()
    except Exception as error:  # noqa: BLE001 - of whatever kind: the other looks go on
        return [ill(name, f"it couldn't be looked at: {type(error).__name__}", words.RUN_AGAIN)]
