"""Commands, buttons and forms that wait for their answer, for as long as one can be given."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from storage.engine.database import Database, Row, Transaction
from storage.engine.encryption import CannotUnseal, MasterKeys
from storage.jobs.workers import ALIVE

log = logging.getLogger(__name__)

ANSWERABLE_SECONDS = 840.0  # Discord takes answers for 15 minutes; what has less than one left isn't kept
MOST_NAMED = 100  # in one statement: an engine takes so many values only
_LEFT = f"(owner IS NULL OR owner NOT IN ({ALIVE}))"


@dataclass(frozen=True, slots=True)
class AwaitedAnswer:
    """Somebody who waits for an answer. `ask_id` is the interaction with which a video was asked for, else its own;
    `matter` says what it is about. Whoever has the token can answer.
    """

    interaction_id: int
    guild_id: int
    member_id: int
    ask_id: int
    matter: str
    asked_at: float
    token: str = field(repr=False)


class Unanswered:
    """Store of the table `unanswered`, in which tokens are sealed. Who is kept here is for this `life` to answer."""

    def __init__(self, database: Database, master: MasterKeys, life: int | None = None) -> None:
        self._database = database
        self._master = master
        self._life = life

    async def change(self, waiting: Iterable[AwaitedAnswer], answered: Iterable[int]) -> None:
        """Keep who waits, and drop the interactions of these ids, which have their answer."""
        sealed = [(one, *self._master.seal(one.token.encode(), "answer", one.interaction_id)) for one in waiting]
        over = [*answered]

        async def work(tx: Transaction) -> None:
            for one, master_id, token in sealed:
                await tx.row(
                    """INSERT INTO unanswered (interaction_id, guild_id, member_id, ask_id, matter, asked_at, master_id,
                                               sealed, owner)
                       VALUES (:interaction_id, :guild_id, :member_id, :ask_id, :matter, :asked_at, :master_id, :token,
                               :life)
                       ON CONFLICT DO NOTHING""",
                    interaction_id=one.interaction_id,
                    guild_id=one.guild_id,
                    member_id=one.member_id,
                    ask_id=one.ask_id,
                    matter=one.matter,
                    asked_at=one.asked_at,
                    master_id=master_id,
                    token=token,
                    life=self._life,
                )
            for start in range(0, len(over), MOST_NAMED):
                ids = {f"id_{number}": one for number, one in enumerate(over[start : start + MOST_NAMED])}
                named = ", ".join(f":{name}" for name in ids)
                await tx.row(f"DELETE FROM unanswered WHERE interaction_id IN ({named})", **ids)

        await self._database.write(work, guild_id=None)

    async def take(self) -> list[AwaitedAnswer]:
        """Everybody in every server who waits for an answer from a life that is over, longest first; but for those
        whose token can't be opened any more. This life is to answer them from now on.
        """
        if not await self._database.row(f"SELECT 1 FROM unanswered WHERE {_LEFT} LIMIT 1"):
            return []

        async def work(tx: Transaction) -> Sequence[Row]:
            return await tx.rows(
                f"""UPDATE unanswered SET owner = :life WHERE {_LEFT}
                    RETURNING interaction_id, guild_id, member_id, ask_id, matter, asked_at, master_id, sealed""",
                life=self._life,
            )

        found = []
        for row in sorted(map(dict, await self._database.write(work, guild_id=None)), key=itemgetter("asked_at")):
            try:
                token = self._master.unseal(row.pop("master_id"), row.pop("sealed"), "answer", row["interaction_id"])
            except CannotUnseal:  # its master key was replaced meanwhile
                log.info("an answer can't be given any more: its token can't be opened")
                continue
            found.append(AwaitedAnswer(**row, token=token.decode()))
        return found

    async def sweep(self, *, now: float) -> None:
        """Drop those who can't be answered any more."""
        too_old = now - ANSWERABLE_SECONDS
        if await self._database.row("SELECT 1 FROM unanswered WHERE asked_at < :too_old", too_old=too_old):
            await self._database.write(lambda tx: drop_too_old(tx, now), guild_id=None)


async def drop_too_old(tx: Transaction, now: float) -> None:
    """Drop those who can't be answered any more."""
    await tx.row("DELETE FROM unanswered WHERE asked_at < :too_old", too_old=now - ANSWERABLE_SECONDS)
