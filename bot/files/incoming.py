"""Files from outside, brought to disk and looked into."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

from bot.clock import Clock
from bot.domain.media_facts import MediaFacts
from bot.domain.request import Media
from bot.fair_queue import Owned
from bot.media.probe import Probe
from bot.net.address import Address
from bot.net.client import Http
from bot.net.faults import BadAddress, NotAccepted, TextInstead, Unwritable
from bot.words.refusals.files import DiskFull

log = logging.getLogger(__name__)

DISCORD_HOSTS = {"cdn.discordapp.com", "media.discordapp.net"}
MOST_BYTES = 512 * 2**20  # more than anybody can attach
AGAIN_SECONDS = 2.0  # before a fetch that failed is tried once more


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
        """Where the files of one command go, in a folder that isn't made yet; whoever asked for it moves it or throws
        it away.
        """
        return self._folder / f"asked-{token_hex(8)}"

    async def look(self, media: Media, into: Path, owner: Owned) -> MediaFacts:
        """What the attached file really holds, with its size and digest; the file itself lies in `into` afterwards, and
        isn't fetched if it does already. A fetch that fails is made once more. `DiskFull` when there is no room for it.
        """
        if await asyncio.to_thread(into.exists):
            facts, digest = await asyncio.gather(self._probe.look(into, owner), asyncio.to_thread(_digest, into))
        else:
            with _disk_full():
                digest = await self._downloaded(media.url, into)
            facts = await self._probe.look(into, owner)
        return replace(facts, size=(await asyncio.to_thread(into.stat)).st_size, digest=digest)

    async def _downloaded(self, url: str, into: Path) -> str:
        """Bring an attached file to disk, at the second attempt if need be; its digest."""
        try:
            return await self._download(url, into)
        except (TextInstead, Unwritable):  # the same would come of it
            raise
        except NotAccepted as fault:
            log.info("an attachment could not be fetched: %s; again in %g s", fault, AGAIN_SECONDS)
        await self._clock.sleep(AGAIN_SECONDS)
        return await self._download(url, into)

    async def _download(self, url: str, into: Path) -> str:
        digest = hashlib.sha256()
        await self._http.download(url, into, most=MOST_BYTES, also=digest.update)
        return digest.hexdigest()

    async def fetch(self, url: str, into: Path) -> None:
        """Bring the file behind the address to disk."""
        await self._http.download(url, into, most=MOST_BYTES)

    async def length(self, url: str, http: Http, owner: Owned) -> float:
        """Seconds of the sound behind an address of a provider's, made for somebody, fetched through `http`."""
        with TemporaryDirectory(dir=self._folder, prefix="sound-") as folder:
            file = Path(folder, "sound")
            await http.download(url, file, most=MOST_BYTES)
            return (await self._probe.look(file, owner)).seconds


def _digest(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


@contextmanager
def _disk_full() -> Iterator[None]:
    """In the words that people read; why exactly is for the log."""
    try:
        yield
    except (Unwritable, OSError) as fault:
        log.warning("what somebody attached can't be kept: %s", fault)
        raise DiskFull from None
