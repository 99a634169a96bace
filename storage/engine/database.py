"""What every engine offers the stores: plain SQL with named parameters, and units of work.

A transaction is one function call that nobody can cancel half-way, without effects outside the database: an engine may
run it again, and in another thread. It awaits nothing but its statements. It names the server that it is about, and
there is one writer per server at a time.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar, Protocol, TypeVar

from storage.engine.schema import migrations

T = TypeVar("T")
log = logging.getLogger(__name__)

STOP_IT = "stop it, run this command again, and start the bot when that is done"


class StorageError(Exception):
    """The database can't be used as it is; the text says why."""


class Unsettled(StorageError):
    """The connection was lost over a COMMIT, and whether that was carried out couldn't be found out."""


class OtherHistory(StorageError):
    """The database is no longer the one that was opened: what was committed may be missing from it."""

    def __init__(self) -> None:
        super().__init__("it is on another line of history than at the start, as after a failover")


class Rejected(Exception):
    """A unit of work ended on purpose without writing anything."""


class Conflict(Rejected):
    """A uniqueness or consistency rule of the schema refused a write."""


class Row(Protocol):
    """One row of an answer: its values in their order, and by the names of their columns."""

    def __getitem__(self, column: str, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def keys(self) -> Iterable[str]:
        """The names of its columns."""
        ...


class Queries(ABC):
    """Whatever plain SQL can be run on: a transaction, or what is committed."""

    @abstractmethod
    async def rows(self, sql: str, **parameters: object) -> Sequence[Row]:
        """Run one statement; all rows it returns. `Conflict` when a constraint refuses it."""

    async def row(self, sql: str, **parameters: object) -> Row | None:
        """Run one statement; its first row, if any."""
        return next(iter(await self.rows(sql, **parameters)), None)

    async def now(self) -> float:
        """The moment by the clock of the database's machine, in seconds since 1970."""
        (row,) = await self.rows("SELECT engine_now() AS now")
        return float(row["now"])


class Transaction(Queries):
    """What a unit of work may do. `skip_locked` ends a SELECT that takes its rows for this transaction, and passes over
    those that another one has taken.
    """

    skip_locked: ClassVar[str]

    @abstractmethod
    async def skip_ids(self, table: str, count: int) -> None:
        """Give the next `count` ids of the table to no row."""

    @abstractmethod
    async def notify(self) -> None:
        """Wake whoever listens, in whichever process, once this is committed."""


class Reader(Queries):
    """A database that is only looked at, whoever works on it meanwhile."""

    @abstractmethod
    async def schema(self) -> int:
        """The number of its schema, 0 for none. `StorageError` when this version of the bot can't work on it."""

    @abstractmethod
    async def damage(self) -> str:
        """What is wrong with what is stored, in a line; nothing where it is sound, or the engine sees to that."""

    @abstractmethod
    async def history(self) -> str | None:
        """The line of history that it is on, as of `Database.history`."""


class Database(Queries):
    """One open database. What is read from it outside of a transaction is committed. In SQL, `engine_now()` is the
    moment by its clock, in seconds since 1970.

    `is_alone`: no other process can work on it before this one has gone. `knows`: the newest schema that this version
    of the bot knows. `other_history` is set when it has been left for another: whoever works on it must end, and begin
    anew.
    """

    is_alone: ClassVar[bool]

    def __init__(self) -> None:
        self.other_history = asyncio.Event()
        self.knows = max(migrations())
        self._writing: set[asyncio.Task[Any]] = set()

    async def write(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        *,
        guild_id: int | None,
        committed: Callable[[T], None] | None = None,
    ) -> T:
        """Run `work` in one transaction, committed when this returns. Cancelling the caller doesn't stop it.

        `guild_id` is the server whose rows it is about, None where they belong to none, or it is about all of them.
        `committed` is called with what `work` has returned, once that is committed.
        """
        task = asyncio.ensure_future(self._transact(work, guild_id))
        if committed:
            task.add_done_callback(partial(_tell, committed))
        self._writing.add(task)
        task.add_done_callback(self._written)
        return await asyncio.shield(task)

    @abstractmethod
    async def history(self) -> str | None:
        """The line of history that it is on: on another, what was committed here may be missing. None where there are
        no others, as whoever puts a copy in the place of a file marks that.
        """

    @abstractmethod
    async def listen(self, wake: Callable[[], object]) -> None:
        """Call `wake` when a transaction with `notify` has been committed, until cancelled. It may miss some, and may
        call it without one.
        """

    @abstractmethod
    async def _transact(self, work: Callable[[Transaction], Awaitable[T]], guild_id: int | None) -> T:
        """Run `work` in one transaction, after everybody else's that names the same server."""

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writing.discard(task)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, Rejected):
            log.error("a write failed: %s", error)

    async def drain(self) -> None:
        """Wait until every write that was started is committed or rolled back."""
        await asyncio.gather(*self._writing, return_exceptions=True)


def _tell(committed: Callable[[T], None], task: asyncio.Task[T]) -> None:
    if not task.cancelled() and task.exception() is None:
        committed(task.result())
