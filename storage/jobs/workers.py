"""Which lives of processes there are to work on jobs, and until when for certain."""

from __future__ import annotations

from secrets import randbits

from storage.engine.database import Database, Transaction

TO_DO = "(closed_at IS NULL OR card_due = 1)"  # of a job: something is left to be done for it
ALIVE = "SELECT id FROM workers WHERE alive_until > engine_now()"
_ALIVE_AS_TEXT = "SELECT CAST(id AS TEXT) FROM workers WHERE alive_until > engine_now()"
_DUTY = "on_duty"  # a fact: the life that does what one process does for all
_LONG_DEAD = 86_400.0  # seconds


class Workers:
    """Store of the table `workers`, for one life of this process, of which `life` is the id."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.life = randbits(62) + 1

    async def begin(self, seconds: float) -> None:
        """Begin the life, which may own jobs for so many seconds from now on."""

        async def work(tx: Transaction) -> None:
            await tx.row("DELETE FROM workers WHERE alive_until < engine_now() - :long", long=_LONG_DEAD)
            await tx.row(
                "INSERT INTO workers (id, alive_until, knows) VALUES (:life, engine_now() + :seconds, :knows)",
                life=self.life,
                seconds=seconds,
                knows=self._database.knows,
            )

        await self._database.write(work, guild_id=None)

    async def renew(self, seconds: float) -> bool:
        """Let it own jobs for so many seconds from now on; False when it is over already, which is for good."""

        async def work(tx: Transaction) -> bool:
            renewed = await tx.row(
                """UPDATE workers SET alive_until = engine_now() + :seconds
                   WHERE id = :life AND alive_until > engine_now() RETURNING id""",
                life=self.life,
                seconds=seconds,
            )
            return renewed is not None

        return await self._database.write(work, guild_id=None)

    async def take_duty(self) -> bool:
        """Become the life that does what one process does for all, unless another that is alive is that one; whether
        this is it.
        """
        on_duty = await self._database.row(
            f"SELECT value FROM facts WHERE name = :duty AND value IN ({_ALIVE_AS_TEXT})", duty=_DUTY
        )
        if on_duty is not None:
            return bool(on_duty["value"] == str(self.life))

        async def work(tx: Transaction) -> bool:
            taken = await tx.row(
                f"""INSERT INTO facts (name, value) VALUES (:duty, :life)
                    ON CONFLICT (name) DO UPDATE SET value = :life WHERE facts.value NOT IN ({_ALIVE_AS_TEXT})
                    RETURNING name""",
                duty=_DUTY,
                life=str(self.life),
            )
            return taken is not None

        return await self._database.write(work, guild_id=None)

    async def end(self) -> None:
        """End the life, and leave its jobs to whoever takes them."""

        async def work(tx: Transaction) -> None:
            await tx.row(f"UPDATE jobs SET owner = NULL WHERE owner = :life AND {TO_DO}", life=self.life)
            await tx.row("DELETE FROM workers WHERE id = :life", life=self.life)
            await tx.notify()

        await self._database.write(work, guild_id=None)


async def end_earlier_lives(database: Database) -> None:
    """End the lives of a database that is this process's alone: whoever worked on it before has gone. What they had is
    nobody's.
    """

    async def work(tx: Transaction) -> None:
        await tx.row("DELETE FROM workers")
        await tx.row(f"UPDATE jobs SET owner = NULL WHERE owner IS NOT NULL AND {TO_DO}")

    if database.is_alone:
        await database.write(work, guild_id=None)
