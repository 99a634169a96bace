"""What people have asked for and not yet said yes to: a row each, so that the yes is heard after a restart and by any
other process too. The files stay where they were brought for a while, so that they needn't be fetched again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.clock import Clock
from bot.domain.ask import Ask, Asker
from bot.domain.job import Job
from bot.domain.media_facts import Seen
from bot.files.incoming import Incoming
from bot.files.job_files import JobFiles
from bot.preflight.offer import Offer
from storage.people.unfinished import WAITING_SECONDS, Unfinished

T = TypeVar("T")
MOST_PENDING = 500


@dataclass(frozen=True, slots=True)
class Draft:
    """The ask, what its files hold, and where they lie; `offer` is what the person was offered, if anything."""

    ask: Ask
    folder: Path
    seen: Seen | None = None
    offer: Offer | None = None

    def keep_in(self, job_files: JobFiles, job: Job) -> None:
        """Keep the files for the job; `Unwritable` when that can't be done."""
        job_files.take_over(job, self.folder)

    def throw_away(self) -> None:
        """The files are not needed."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    key: int
    at: float
    value: T


class Pending(Generic[T]):
    """At most 500 values, the newest of each person, for at most 15 minutes. `dropped` is told of each value that falls
    out untaken.
    """

    def __init__(self, clock: Clock, dropped: Callable[[T], None] | None = None) -> None:
        self._clock = clock
        self._dropped = dropped
        self._entries: dict[int, _Entry[T]] = {}  # by owner, oldest first

    def keep(self, key: int, owner_id: int, value: T) -> None:
        """Keep it under that key, in place of whatever else is kept for that person."""
        self._drop(owner_id)
        self._entries[owner_id] = _Entry(key, self._clock.monotonic(), value)
        self.sweep()

    def take(self, key: int, owner_id: int) -> T | None:
        """What is kept under that key for that person, and is not kept any more then; None when nothing is."""
        value = self.find(key, owner_id)
        if value is not None:
            del self._entries[owner_id]
        return value

    def find(self, key: int, owner_id: int) -> T | None:
        """The same, and it is kept."""
        self.sweep()
        entry = self._entries.get(owner_id)
        return entry.value if entry and entry.key == key else None

    def forget(self, owner_id: int) -> None:
        """Drop what is kept for that person."""
        self._drop(owner_id)

    def sweep(self) -> None:
        """Drop what is too old, and the oldest of what is too much. All others do it too."""
        too_old = self._clock.monotonic() - WAITING_SECONDS
        while self._entries:
            oldest = next(iter(self._entries))
            if len(self._entries) <= MOST_PENDING and self._entries[oldest].at > too_old:
                return
            self._drop(oldest)

    def _drop(self, owner_id: int) -> None:
        entry = self._entries.pop(owner_id, None)
        if entry is not None and self._dropped is not None:
            self._dropped(entry.value)


@dataclass(frozen=True, slots=True)
class _Row:
    """What is stored of a draft; `seen` is known where the person was offered something."""

    ask: Ask
    seen: Seen | None


@cache
def _stored() -> TypeAdapter[_Row]:
    """How a draft is stored; made for the first one, as that takes a while."""
    return TypeAdapter(_Row)


class PendingDrafts:
    """The drafts of all. What is stored decides whether one still waits."""

    def __init__(self, rows: Unfinished, here: Pending[Draft], incoming: Incoming, clock: Clock) -> None:
        self._rows = rows
        self._here = here
        self._incoming = incoming
        self._clock = clock

    async def keep(self, draft: Draft) -> None:
        """Let it wait for its person's yes."""
        ask, seen = draft.ask, draft.offer.seen if draft.offer else None
        await self._rows.keep(
            "draft",
            _stored().dump_json(_Row(ask, seen)).decode(),
            guild_id=ask.guild_id,
            member_id=ask.member_id,
            interaction_id=ask.interaction_id,
            now=self._clock.now(),
        )
        self._here.keep(ask.interaction_id, ask.member_id, draft)

    async def find(self, guild_id: int, asker: Asker, interaction_id: int) -> Draft | None:
        """What the person asked for with that interaction, without the offer where it was made by another process; None
        when it doesn't wait any more, or was asked for in another server: there, they are somebody else.
        """
        if here := self._here.find(interaction_id, asker.member_id):
            return here if here.ask.guild_id == guild_id else None
        row = _read(await self._rows.find("draft", **self._which(guild_id, asker, interaction_id)))
        return Draft(row.ask, self._incoming.new_folder(), row.seen) if row else None

    async def take(self, guild_id: int, asker: Asker, interaction_id: int) -> Draft | None:
        """The same, which doesn't wait any more then. Where its files are not at hand, nothing is said of what they
        hold: they are to be fetched and looked into again.
        """
        here = self._here.find(interaction_id, asker.member_id)
        if here and here.ask.guild_id != guild_id:
            return None
        self._here.take(interaction_id, asker.member_id)
        row = _read(await self._rows.take("draft", **self._which(guild_id, asker, interaction_id)))
        if row is None:
            if here:
                here.throw_away()
            return None
        return here or Draft(row.ask, self._incoming.new_folder())

    def _which(self, guild_id: int, asker: Asker, interaction_id: int) -> dict[str, Any]:
        return {
            "guild_id": guild_id,
            "member_id": asker.member_id,
            "interaction_id": interaction_id,
            "now": self._clock.now(),
        }


def _read(stored: str | None) -> _Row | None:
    """None also for what another version of the bot has written in a way that this one doesn't know."""
    try:
        return _stored().validate_json(stored) if stored else None
    except ValidationError:
        return None
