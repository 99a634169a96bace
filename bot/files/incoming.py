"""Files from outside, brought to disk and looked into."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from urllib.parse import parse_qs, urlsplit

from bot.clock import Clock
from bot.domain.media_facts import MediaFacts
from bot.domain.request import Media
from bot.media.probe import Probe
from bot.net.address import Address
from bot.net.client import Http
from bot.net.faults import BadAddress, Unwritable
from bot.words.refusals.files import DiskFull

log = logging.getLogger(__name__)

DISCORD_HOSTS = {"cdn.discordapp.com", "media.discordapp.net"}
MOST_BYTES = 512 * 2**20  # more than anybody can attach


class Incoming:
    """Fetches and looks. Raises what `Http.download` raises, and `Unreadable`.

    `http` is for Discord's files. `proxy` is the address that stands in for Discord's own, empty where none does.
    """

    def __init__(self, http: Http, folder: Path, proxy: str, probe: Probe, clock: Clock) -> None:
        self._http = http
        self._proxy_host = Address.parse(proxy).host if proxy else ""
        self._folder = folder
        self._probe = probe
        self._clock = clock

    def is_attachment(self, url: str) -> bool:
        """Whether a file is where people's attachments are: at Discord, or at the host that stands in for it."""
        try:
            address = Address.parse(url)
        except BadAddress:
            return False
        is_discords = address.host in DISCORD_HOSTS and (address.scheme, address.port) == ("https", 443)
        return is_discords or address.host == self._proxy_host

    def lasts(self, media: Media, seconds: float) -> bool:
        """Whether the address still works so long from now: Discord signs its own with an end (`ex`, hexadecimal)."""
        try:
            ends_at = int(parse_qs(urlsplit(media.url).query)["ex"][0], 16)
        except (KeyError, ValueError):
            return True
        return ends_at > self._clock.now() + seconds

    def new_folder(self) -> Path:
        """A folder for the files of one command; whoever asked for it moves it or throws it away. `DiskFull` when there
        is no room for one.
        """
        with _disk_full():
            return Path(mkdtemp(dir=self._folder, prefix="asked-"))

    async def look(self, media: Media, into: Path) -> MediaFacts:
        """What the attached file really holds, with its size and digest; the file itself lies in `into` afterwards, and
        isn't fetched if it does already. `DiskFull` when there is no room for it.
        """
        digest = hashlib.sha256()
        if await asyncio.to_thread(into.exists):
            await asyncio.to_thread(_read, into, digest.update)
        else:
            with _disk_full():
                await self._http.download(media.url, into, most=MOST_BYTES, also=digest.update)
        size = (await asyncio.to_thread(into.stat)).st_size
        return replace(await self._probe.look(into), size=size, digest=digest.hexdigest())

    async def fetch(self, url: str, into: Path) -> None:
        """Bring the file behind the address to disk."""
        await self._http.download(url, into, most=MOST_BYTES)

    async def length(self, url: str, http: Http) -> float:
        """Seconds of the sound behind an address of a provider's, fetched through `http`."""
        with TemporaryDirectory(dir=self._folder, prefix="sound-") as folder:
            file = Path(folder, "sound")
            await http.download(url, file, most=MOST_BYTES)
            return (await self._probe.look(file)).seconds


def _read(file: Path, piece: Callable[[bytes], object]) -> None:
    with file.open("rb") as data:
        while chunk := data.read(1 << 20):
            piece(chunk)


@contextmanager
def _disk_full() -> Iterator[None]:
    """In the words that people read; why exactly is for the log."""
    try:
        yield
    except (Unwritable, OSError) as fault:
        log.warning("what somebody attached can't be kept: %s", fault)
        raise DiskFull from None
