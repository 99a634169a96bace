"""Whose turn it is, when more wait than can be served: by server, then by member, each first come first served."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar


class Owned(Protocol):
    """What waits: it belongs to a member of a server."""

    @property
    def guild_id(self) -> int: ...

    @property
    def member_id(self) -> int: ...


T = TypeVar("T")


class FairQueue(Generic[T]):
    """A queue in which no server, and no member of it, can keep another waiting for more than one turn each."""

    def __init__(self) -> None:
        self._guilds: dict[int, dict[int, deque[T]]] = {}

    def __bool__(self) -> bool:
        return bool(self._guilds)

    def put(self, item: T, owner: Owned) -> None:
        """Line up behind the owner's other items."""
        self._guilds.setdefault(owner.guild_id, {}).setdefault(owner.member_id, deque()).append(item)

    def pop(self) -> T:
        """The next item. Its member and its server go to the end of their lines."""
        guild_id, members = next(iter(self._guilds.items()))
        member_id, items = next(iter(members.items()))
        item = items.popleft()
        del self._guilds[guild_id], members[member_id]
        if items:
            members[member_id] = items
        if members:
            self._guilds[guild_id] = members
        return item


class FairSemaphore:
    """Lets so many through at once; the others take turns."""

    def __init__(self, width: int) -> None:
        self._free = width
        self._waiting: FairQueue[asyncio.Future[None]] = FairQueue()

    @asynccontextmanager
    async def passing(self, owner: Owned) -> AsyncIterator[None]:
        """Wait for a place, and hold it."""
        if self._free:
            self._free -= 1
        else:
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.put(place, owner)
            try:
                await place
            except asyncio.CancelledError:
                if not place.cancelled():  # it was free already
                    self._hand_on()
                raise
        try:
            yield
        finally:
            self._hand_on()

    def _hand_on(self) -> None:
        while self._waiting:
            place = self._waiting.pop()
            if not place.cancelled():
                place.set_result(None)
                return
        self._free += 1
