"""Files from outside, brought to disk for as long as they are needed: to look into them, or to hand them over."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

from bot.media.probe import Facts, Probe
from bot.providers.http import Http
from bot.providers.request import Media

DISCORD_HOSTS = {"cdn.discordapp.com", "media.discordapp.net"}
MOST_BYTES = 110 * 2**20  # more than any provider takes


class Intake:
    """Fetches and looks. Raises what `Http.download` raises, and `Unreadable`."""

    def __init__(self, http: Http, folder: Path, trusted: Collection[str]) -> None:
        self._http = http
        self._attachment_hosts = DISCORD_HOSTS | set(trusted)
        self._folder = folder
        self._probe = Probe()

    def is_attachment(self, url: str) -> bool:
        """Whether a file is where people's attachments are: at Discord, or at a host that the operator trusts."""
        parts = urlsplit(url)
        return bool({parts.hostname, parts.netloc} & self._attachment_hosts)

    async def look(self, url: str, name: str = "") -> Facts:
        """What the file behind the address really holds, with its digest."""
        async with self.on_disk(url, name) as file:
            facts = await self._probe.look(file)
            return replace(facts, digest=await asyncio.to_thread(_digest, file))

    @asynccontextmanager
    async def on_disk(self, url: str, name: str = "") -> AsyncIterator[Path]:
        """The file behind the address, under a name that ends like its own; gone afterwards."""
        with TemporaryDirectory(dir=self._folder, prefix="intake-") as folder:
            file = Path(folder, f"file{PurePath(name).suffix[:10]}")
            await self._http.download(url, file, most=MOST_BYTES)
            yield file


def _digest(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def lasts(media: Media, seconds: float) -> bool:
    """Whether the address still works so long from now: Discord signs its own with an end (`ex`, in hexadecimal)."""
    try:
        ends_at = int(parse_qs(urlsplit(media.url).query)["ex"][0], 16)
    except (KeyError, ValueError):
        return True
    return ends_at > time.time() + seconds
