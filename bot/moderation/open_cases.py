"""What is to be decided in a server, for whoever may decide it: in the setup, and below their answers where it could be
asked in no channel.
"""

from __future__ import annotations

import math

from bot.clock import Clock
from bot.words.admin.cases import reminder
from storage.servers.case import CaseCounts, Told
from storage.servers.cases import Cases

REMINDER_SECONDS = 86_400.0  # between two reminders of the same cases
NOT_ASKED: tuple[Told, ...] = ("person", "moderator", "nobody")  # of what was asked in no channel


class OpenCases:
    """Remembers in memory whom it has reminded of what."""

    def __init__(self, cases: Cases, clock: Clock) -> None:
        self._cases = cases
        self._clock = clock
        self._shown: dict[tuple[int, int], tuple[CaseCounts, float]] = {}  # by server and moderator

    async def all(self, guild_id: int, *, by: int) -> CaseCounts:
        """Everything that is to be decided, for a moderator who looks at it. They need no reminder of any of it, also
        where nobody was asked yet.
        """
        waiting = await self._cases.waiting(guild_id)
        await self._read(guild_id, by, waiting)
        return waiting

    async def reminder(self, guild_id: int, member_id: int) -> str:
        """What a moderator is to read below an answer; nothing where all of it was asked in a channel, or they have
        read of the same within a day.
        """
        waiting = await self._cases.waiting(guild_id, told=NOT_ASKED)
        known, at = self._shown.get((guild_id, member_id), (CaseCounts({}, 0), -math.inf))
        if not waiting.counts or (_holds(known, waiting) and self._clock.monotonic() - at < REMINDER_SECONDS):
            return ""
        await self._read(guild_id, member_id, waiting)
        return reminder(waiting.counts)

    async def _read(self, guild_id: int, member_id: int, waiting: CaseCounts) -> None:
        self._shown[guild_id, member_id] = waiting, self._clock.monotonic()
        await self._cases.seen(guild_id)


def _holds(known: CaseCounts, waiting: CaseCounts) -> bool:
    """Whether whoever has read of the one has read of the other: nothing is newer, and nothing more."""
    more = any(count > known.counts.get(kind, 0) for kind, count in waiting.counts.items())
    return waiting.newest <= known.newest and not more
