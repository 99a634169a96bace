"""What a person asks for: who, where, and what."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.edits import Fill
from bot.domain.fixes import Fixes
from bot.domain.job import Job
from bot.domain.request import Media, Mode
from storage.jobs.job import SAFE_FILE_BYTES


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was asked for, as Discord told with the command. `missing` names the permissions that the bot
    lacks there for its work; `within` are the channel that a thread is in, and the category; `parent_id` is that
    channel if whoever sees it may see the thread too; `opens_thread` says whether a thread can be opened on a message
    there; `file_bytes` is the largest file that can be posted there; `reads_automod` says whether Discord shows the bot
    the server's AutoMod rules; `locale` is the server's language.
    """

    guild_id: int
    channel_id: int
    channel_name: str
    missing: tuple[str, ...] = ()
    within: tuple[int, ...] = ()
    parent_id: int | None = None
    opens_thread: bool = True
    file_bytes: int = SAFE_FILE_BYTES
    reads_automod: bool = False
    locale: str = "en-US"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as Discord told with the command. Moments are when the account was made, and when it joined here;
    `locale` is the person's language.
    """

    member_id: int
    role_ids: frozenset[int] = frozenset()
    account_at: float = 0.0
    joined_at: float = 0.0
    is_moderator: bool = False
    locale: str = "en-US"


@dataclass(frozen=True, slots=True)
class Ask:
    """What one person asks for: text and voice, or audio.

    Volumes are None where the person left them open, and so is `fill`, what follows a recording that is shorter than
    the clip. `fixes` are what the person has agreed to be done to the files, None before they were asked;
    `earlier` is the job whose clip is used again.
    """

    place: Place
    asker: Asker
    interaction_id: int
    video: Media
    text: str | None = None
    voice: str | None = None
    speed: float = 1.0
    audio: Media | None = None
    volume: float | None = None
    own_volume: float | None = None
    fill: Fill | None = None
    provider: str | None = None
    fixes: Fixes | None = None
    earlier: Job | None = None

    @property
    def guild_id(self) -> int:
        """The server in which it was asked for."""
        return self.place.guild_id

    @property
    def member_id(self) -> int:
        """Who asked for it."""
        return self.asker.member_id

    @property
    def mode(self) -> Mode:
        """`audio` when a file was given to be spoken, else `text`."""
        return "audio" if self.audio else "text"
