"""What is to be decided in a server, for whoever may decide it: in the setup, and below their answers where it could be
asked in no channel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.clock import Clock
from bot.words.admin.cases import reminder
from storage.servers.cases import Case, Cases

Key = tuple[str, int, float]
REMINDER_SECONDS = 86_400.0  # between two reminders of the same cases


class OpenCases:
    """Remembers in memory whom it has reminded of what."""

    def __init__(self, cases: Cases, clock: Clock) -> None:
        self._cases = cases
        self._clock = clock
        self._shown: dict[tuple[int, int], tuple[frozenset[Key], float]] = {}  # by server and moderator

    async def all(self, guild_id: int, *, by: int) -> Sequence[Case]:
        """Everything that is to be decided, for a moderator who looks at it."""
        cases = await self._cases.open(guild_id)
        await self._read(guild_id, by, cases)
        return cases

    async def reminder(self, guild_id: int, member_id: int) -> str:
        """What a moderator is to read below an answer; nothing where all of it was asked in a channel, or they have
        read of the same within a day.
        """
        cases = [case for case in await self._cases.open(guild_id) if case.told in {"person", "moderator", "nobody"}]
        known, at = self._shown.get((guild_id, member_id), (frozenset(), -math.inf))
        is_known = {_key(case) for case in cases} <= known and self._clock.monotonic() - at < REMINDER_SECONDS
        if not cases or is_known:
            return ""
        await self._read(guild_id, member_id, cases)
        return reminder(cases)

    async def _read(self, guild_id: int, member_id: int, cases: Sequence[Case]) -> None:
        self._shown[guild_id, member_id] = frozenset(map(_key, cases)), self._clock.monotonic()
        await self._cases.seen(guild_id)


def _key(case: Case) -> Key:
    return case.kind, case.subject_id, case.since
