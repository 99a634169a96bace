"""The machine: room on its disk, the port, and what its kernel offers to confine a child process."""

from __future__ import annotations

import asyncio
import math
import shutil
from contextlib import suppress
from pathlib import Path
from stat import S_IROTH

import aiohttp

from bot.app.http_server.server import serving
from bot.app.sandbox_mode import load_sandbox
from bot.app.settings import Settings
from bot.clock import HOUR, Clock
from bot.errors import SettingsError
from bot.media.confinement.confine import missing
from bot.net.download import LEFT_FREE
from bot.net.faults import Unwritable
from bot.placing import makes_links
from bot.words.admin import doctor as words
from bot.words.admin.finding import Finding, ill, ok, warning
from bot.words.admin.operator import SANDBOX_IS_ON
from storage.engine.earlier_copies import EarlierCopies

SOON_FULL = 4 * LEFT_FREE
ANSWER_SECONDS = 5.0
BUILD = "mouthpiece_build_info"  # the metric that only this bot has
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared, not bound


def check_disk(folder: Path, *, holds_database: bool) -> list[Finding]:
    """Whether the data folder, or where it is to be made, can be written, and has room."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free
    found = ok("disk", words.room(free))
    if free < SOON_FULL:
        found = (ill if free < LEFT_FREE else warning)("disk", words.room(free), words.MAKE_ROOM)
    try:
        has_links = makes_links(there)
    except Unwritable as fault:
        return [found, ill("data folder", f"{there} can't be written: {fault.detail}", words.OWN_FOLDER)]
    if not has_links and holds_database:
        return [found, warning("data folder", f"{there} is on a disk without hard links", words.OWN_DISK)]
    return [found, ok("data folder", f"{there} can be written")]


def check_private(*files: Path) -> list[Finding]:
    """Whether a file with secrets can be read by every user of this machine."""
    found = []
    for file in files:
        with suppress(OSError):  # there is none, or it isn't this user's to look at
            if file.stat().st_mode & S_IROTH:
                found.append(warning("secrets", f"every user of this machine can read {file}", f"chmod 600 {file}"))
    return found


def check_backups(settings: Settings, clock: Clock) -> list[Finding]:
    """Whether the backups that are to be made are being made."""
    if not settings.backup_every:
        return []
    made = EarlierCopies(settings.database_path).backups() if settings.data_folder.exists() else ()
    hours = (clock.now() - made[-1].stat().st_mtime) / HOUR if made else math.inf
    if hours > 2 * settings.backup_every:
        return [warning("backups", words.backed_up(len(made), hours), words.SEE_BACKUPS)]
    return [ok("backups", words.backed_up(len(made), hours))]


def check_sandbox(settings: Settings) -> list[Finding]:
    """Whether the sandbox can be served that the settings ask for."""
    if not settings.sandbox:
        return []
    try:
        load_sandbox()
    except SettingsError as error:
        return [ill("sandbox", str(error), words.GET_SANDBOX)]
    return [ok("sandbox", SANDBOX_IS_ON)]


async def check_port(settings: Settings) -> list[Finding]:
    """Whether the port is free, or the bot's own that runs, which is then asked how it is."""
    host, port = settings.http_host, settings.http_port
    if port is None:
        return [ok("port", "HTTP_PORT is off, so there is no /healthz")]
    try:
        async with serving([], host, port):
            return [ok("port", f"{host}:{port} is free")]
    except SettingsError as taken:
        return [await _whose(f"http://{EVERYWHERE.get(host, host)}:{port}", str(taken))]


async def _whose(address: str, taken: str) -> Finding:
    try:
        timeout = aiohttp.ClientTimeout(ANSWER_SECONDS)
        async with aiohttp.ClientSession(address, timeout=timeout) as session:
            async with session.get("/metrics") as response:
                is_ours = BUILD in await response.text()
            async with session.get("/healthz") as response:
                is_well, said = response.ok, await response.text()
    except (aiohttp.ClientError, TimeoutError, ValueError):
        is_ours = False
    if not is_ours:
        return ill("port", taken, words.FREE_PORT)
    if not is_well:
        return ill("port", f"the bot that runs says: {', '.join(said.splitlines())}", words.SEE_HEALTH)
    return ok("port", f"{address} is the bot's that runs, and it is well")


async def check_confinement() -> list[Finding]:
    """What the kernel offers to confine those processes that open strangers' files."""
    lacking = await asyncio.to_thread(missing)
    found = [warning("confinement", f"this system lacks {name}", words.CONFINE) for name in lacking]
    return found or [ok("confinement", "Landlock and seccomp confine what opens people's files")]
