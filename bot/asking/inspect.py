"""What the attached files really hold: fetched to disk, and looked into."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from bot.domain.ask import Ask
from bot.domain.media_facts import MediaFacts, Seen
from bot.domain.request import Media
from bot.fair_queue import Owned
from bot.files.incoming import Incoming
from bot.files.names import CLIP, SOUND
from bot.files.room import Room
from bot.media.probe import Unreadable
from bot.net.faults import ProviderError, ResultUnusable, TextInstead
from bot.words.refusals.files import FileNotFetched, FileTooLarge, NoAttachment, NoMedia, UnreadableFile

log = logging.getLogger(__name__)


class Inspector:
    """Looks into files before anything is promised for them."""

    def __init__(self, incoming: Incoming, room: Room) -> None:
        self._incoming = incoming
        self._room = room

    def lasts(self, media: Media, seconds: float) -> bool:
        """Whether a provider can still fetch the file after so many seconds."""
        return self._incoming.lasts(media, seconds)

    async def look(self, ask: Ask, folder: Path) -> Seen:
        """What the attached files really hold. They lie in the folder afterwards, named as in `JobFiles`."""
        async with self._room.for_files(ask.guild_id, folder, _size(ask)):
            sound = asyncio.ensure_future(self._look(ask.audio, folder / SOUND, ask)) if ask.audio else None
            try:
                return Seen(await self._look(ask.video, folder / CLIP, ask), await sound if sound else None)
            finally:
                if sound:
                    sound.cancel()
                    await asyncio.gather(sound, return_exceptions=True)

    async def check_room(self, ask: Ask) -> None:
        """Refuse where files of that size would find no room now."""
        await self._room.check(ask.guild_id, _size(ask))

    async def _look(self, media: Media, into: Path, owner: Owned) -> MediaFacts:
        if not self._incoming.is_attachment(media.url):
            raise NoAttachment(name=media.name[:60])
        try:
            return await self._incoming.look(media, into, owner)
        except Unreadable as why:
            raise UnreadableFile(name=media.name[:60], problem=str(why)) from None
        except TextInstead:
            raise NoMedia(name=media.name[:60]) from None
        except ResultUnusable:
            raise FileTooLarge(name=media.name[:60]) from None
        except ProviderError as fault:
            log.info("an attachment could not be fetched: %s", fault)
            raise FileNotFetched(name=media.name[:60]) from None


def _size(ask: Ask) -> int:
    return ask.video.size + (ask.audio.size if ask.audio else 0)
