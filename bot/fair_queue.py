"""Whose turn it is, when more wait than can be served: by server, then by member, each first come first served.

Nobody holds more than a quarter of what is shared while others wait, and a quarter is always left for others to come.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Generic, NamedTuple, Protocol, TypeVar


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
        self._guilds: dict[int, dict[int, deque[tuple[T, Owned]]]] = {}

    def __bool__(self) -> bool:
        return bool(self._guilds)

    def __len__(self) -> int:
        return sum(len(items) for members in self._guilds.values() for items in members.values())

    def put(self, item: T, owner: Owned) -> None:
        """Line up behind the owner's other items."""
        self._guilds.setdefault(owner.guild_id, {}).setdefault(owner.member_id, deque()).append((item, owner))

    def pop(self, may: Callable[[Owned], bool] = lambda _: True) -> tuple[T, Owned] | None:
        """Take out the next item whose owner may have a turn, with that owner; None when there is none. Its member and
        its server go to the end of their lines.
        """
        for guild_id, member_id, first in self._fronts():
            if may(first):
                return self._taken(guild_id, member_id)
        return None

    def others(self, owner: Owned) -> tuple[bool, bool]:
        """Whether another server waits, and whether another member waits, of whichever server."""
        servers = self._guilds.keys() != {owner.guild_id} and bool(self._guilds)
        return servers, servers or any(member != owner.member_id for member in self._guilds.get(owner.guild_id, ()))

    def _fronts(self) -> Iterator[tuple[int, int, Owned]]:
        for guild_id, members in self._guilds.items():
            for member_id, items in members.items():
                yield guild_id, member_id, items[0][1]

    def _taken(self, guild_id: int, member_id: int) -> tuple[T, Owned]:
        members = self._guilds.pop(guild_id)
        items = members.pop(member_id)
        taken = items.popleft()
        if items:
            members[member_id] = items
        if members:
            self._guilds[guild_id] = members
        return taken


class Shares:
    """So many places, and who holds them. With a smaller `width`, those that are held are left first."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._busy = 0
        self._held: Counter[tuple[int, ...]] = Counter()  # by server, and by server and member

    def may_take(self, owner: Owned, others_wait: tuple[bool, bool]) -> bool:
        """Whether there is a place for the owner; `others_wait` as `FairQueue.others` says. Beyond a quarter only while
        nobody else waits, and a server never in the last quarter: whoever comes next finds a place at once.
        """
        if self.full:
            return False
        server, member = (self._held[key] for key in _keys(owner))
        quarter = max(1, self.width // 4)
        roomy = self._busy < self.width - quarter
        return (server < quarter or (roomy and not others_wait[0])) and (member < quarter or not others_wait[1])

    @property
    def full(self) -> bool:
        """Whether every place is held."""
        return self._busy >= self.width

    @property
    def idle(self) -> bool:
        """Whether nobody holds a place."""
        return not self._busy

    def take(self, owner: Owned) -> None:
        """Hold a place."""
        self._busy += 1
        self._held.update(_keys(owner))

    def leave(self, owner: Owned) -> None:
        """Free the place."""
        self._busy -= 1
        self._held -= Counter(_keys(owner))


def _keys(owner: Owned) -> tuple[tuple[int, ...], ...]:
    return (owner.guild_id,), (owner.guild_id, owner.member_id)


class FairPlaces(Generic[T]):
    """So many places, with the line of those who wait for one."""

    def __init__(self, width: int) -> None:
        self._shares = Shares(width)
        self._waiting: FairQueue[T] = FairQueue()

    @property
    def idle(self) -> bool:
        """Whether nobody holds a place or waits for one."""
        return self._shares.idle and not self._waiting

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    def resize(self, width: int) -> None:
        """Have so many places; what is more is given out when next somebody lines up or leaves."""
        self._shares.width = width

    def line_up(self, item: T, owner: Owned) -> list[tuple[T, Owned]]:
        """Wait for a place; then give out what is free to those whose turn it is: each item, with its owner."""
        self._waiting.put(item, owner)
        return self._turns()

    def leave(self, owner: Owned) -> list[tuple[T, Owned]]:
        """Free the owner's place; then give out what is free, as `line_up` does."""
        self._shares.leave(owner)
        return self._turns()

    def _turns(self) -> list[tuple[T, Owned]]:
        turns = []
        while not self._shares.full and (found := self._waiting.pop(self._may_take)):
            self._shares.take(found[1])
            turns.append(found)
        return turns

    def _may_take(self, owner: Owned) -> bool:
        return self._shares.may_take(owner, self._waiting.others(owner))


class Owner(NamedTuple):
    """A member of a server."""

    guild_id: int
    member_id: int


class FairSemaphore:
    """Lets so many through at once; the others take turns."""

    def __init__(self, width: int) -> None:
        self._places: FairPlaces[asyncio.Future[None]] = FairPlaces(width)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._places.waiting

    @asynccontextmanager
    async def passing(self, owner: Owned) -> AsyncIterator[None]:
        """Wait for a place, and hold it."""
        held_by = Owner(owner.guild_id, owner.member_id)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._give(self._places.line_up(place, held_by))
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it was given already
                self._give(self._places.leave(held_by))
            raise
        try:
            yield
        finally:
            self._give(self._places.leave(held_by))

    def _give(self, turns: list[tuple[asyncio.Future[None], Owned]]) -> None:
        for place, owner in turns:
            if place.cancelled():
                self._give(self._places.leave(owner))
            else:
                place.set_result(None)
