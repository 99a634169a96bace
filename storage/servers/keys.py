"""Each server's provider keys, encrypted and bound to server and provider."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence

from storage.engine.database import Database, Row, Transaction
from storage.engine.encryption import MasterKeys
from storage.servers import case
from storage.servers.key_info import SEALED_COLUMNS, SHOWN_COLUMNS, KeyInfo, SealedKey, current, last_used
from storage.servers.log_entries import note


class Keys:
    """Store of the table `keys`. Plain keys exist only in what `open` and `unsealed` return.

    A key is *current* until it is replaced or removed. From then on it is *retired*: no new job gets it, and it is
    erased as soon as no open job needs it.
    """

    def __init__(self, database: Database, master: MasterKeys) -> None:
        self._database = database
        self._master = master
        self._wanted: set[int] | None = None  # ids of those that the next reading is to open
        self._reading: asyncio.Task[Mapping[int, SealedKey]] | None = None

    async def put(
        self, guild_id: int, provider: str, credentials: Mapping[str, str], *, hint: str, added_by: int, now: float
    ) -> None:
        """Save the server's key for this provider, in the place of the current one or after all others."""
        master_id, sealed = self._master.seal(json.dumps(dict(credentials)).encode(), guild_id, provider)

        async def work(tx: Transaction) -> None:
            replaced = await tx.row(
                """UPDATE keys SET retired_at = :now
                   WHERE guild_id = :guild_id AND provider = :provider AND retired_at IS NULL RETURNING id, place""",
                guild_id=guild_id,
                provider=provider,
                now=now,
            )
            await tx.row(
                """INSERT INTO keys (guild_id, provider, place, master_id, sealed, hint, added_by, added_at)
                   SELECT :guild_id, :provider, coalesce(:place, max(place) + 1, 1), :master_id, :sealed, :hint,
                          :added_by, :now
                   FROM keys WHERE guild_id = :guild_id""",
                guild_id=guild_id,
                provider=provider,
                place=replaced["place"] if replaced else None,
                master_id=master_id,
                sealed=sealed,
                hint=hint,
                added_by=added_by,
                now=now,
            )
            if replaced:
                await case.decided(tx, guild_id, "key_off", replaced["id"], added_by)
            await note(
                tx, guild_id, "key_saved", now=now, actor_id=added_by, facts={"provider": provider, "hint": hint}
            )

        await self._database.write(work, guild_id=guild_id)
        await self.sweep(guild_id)

    async def open(self, guild_id: int, key_id: int) -> dict[str, str] | None:
        """The credentials in the clear, None when the key is gone; `CannotUnseal` when they can't be opened. Those that
        are needed at the same time are read together.
        """
        if self._wanted is None or self._reading is None:
            self._wanted, self._reading = set(), asyncio.create_task(self._read_wanted(self._reading))
        self._wanted.add(key_id)
        key = (await asyncio.shield(self._reading)).get(key_id)
        return self.unsealed(key) if key and key.guild_id == guild_id else None

    def unsealed(self, key: SealedKey) -> dict[str, str]:
        """The credentials in the clear; `CannotUnseal` when they can't be opened."""
        plain = self._master.unseal(key.master_id, key.sealed, key.guild_id, key.provider)
        return {str(name): str(value) for name, value in json.loads(plain).items()}

    async def _read_wanted(self, before: asyncio.Task[Mapping[int, SealedKey]] | None) -> Mapping[int, SealedKey]:
        """The keys by their ids, read once the reading `before` is over, and everybody has asked who is ready to."""
        if before:
            await asyncio.wait({before})
        wanted, self._wanted = {f"id_{number}": key_id for number, key_id in enumerate(self._wanted or ())}, None
        named = ", ".join(f":{name}" for name in wanted)
        rows = await self._database.rows(f"SELECT {SEALED_COLUMNS} FROM keys WHERE id IN ({named})", **wanted)
        return {row["id"]: SealedKey(**dict(row)) for row in rows}

    async def shown(self, guild_id: int) -> list[KeyInfo]:
        """The server's current keys in its order."""
        return [KeyInfo(**dict(row)) for row in await current(self._database, guild_id, SHOWN_COLUMNS)]

    async def sealed(self, guild_id: int) -> list[SealedKey]:
        """The same, with their ciphertexts."""
        return [SealedKey(**dict(row)) for row in await current(self._database, guild_id, SEALED_COLUMNS)]

    async def current(self, guild_id: int, provider: str) -> KeyInfo | None:
        """The server's current key for this provider."""
        return next((info for info in await self.shown(guild_id) if info.provider == provider), None)

    async def last_used(self, guild_id: int) -> dict[int, float]:
        """When the newest job that used each of the server's keys was asked for, by the key's id."""
        return await last_used(self._database, guild_id)

    async def reorder(self, guild_id: int, key_ids: Sequence[int]) -> None:
        """Put the keys into this order."""

        async def work(tx: Transaction) -> None:
            for place, key_id in enumerate(key_ids, start=1):
                await tx.row(
                    "UPDATE keys SET place = :place WHERE id = :key_id AND guild_id = :guild_id",
                    guild_id=guild_id,
                    key_id=key_id,
                    place=place,
                )

        await self._database.write(work, guild_id=guild_id)

    async def switch_off(self, guild_id: int, key_id: int, *, reason: str, now: float) -> None:
        """Give the key to no new job; the first reason stays. Its moderators are told of it as of a case."""

        async def work(tx: Transaction) -> None:
            switched = await tx.row(
                """UPDATE keys SET off_reason = :reason, off_at = :now
                   WHERE id = :key_id AND guild_id = :guild_id AND off_reason IS NULL RETURNING retired_at""",
                guild_id=guild_id,
                key_id=key_id,
                reason=reason,
                now=now,
            )
            if switched and switched["retired_at"] is None:
                await case.opened(tx, guild_id, "key_off", key_id, now)

        await self._database.write(work, guild_id=guild_id)

    async def switch_on(self, guild_id: int, key_id: int, *, by: int, now: float) -> None:
        """Give the key to jobs again."""
        await self._update(
            guild_id,
            f"""UPDATE keys SET off_reason = NULL, off_at = NULL, told_at = NULL
               WHERE id = :key_id AND guild_id = :guild_id AND off_reason IS NOT NULL RETURNING {SHOWN_COLUMNS}""",
            kind="key_on",
            by=by,
            key_id=key_id,
            now=now,
        )

    async def remove(self, guild_id: int, provider: str, *, by: int, now: float) -> bool:
        """Retire the current key; False when there is none."""
        removed = await self._update(
            guild_id,
            f"""UPDATE keys SET retired_at = :now
               WHERE guild_id = :guild_id AND provider = :provider AND retired_at IS NULL RETURNING {SHOWN_COLUMNS}""",
            kind="key_removed",
            by=by,
            provider=provider,
            now=now,
        )
        await self.sweep(guild_id)
        return removed is not None

    async def sweep(self, guild_id: int) -> None:
        """Erase the retired keys that no open job needs any more."""
        await self._update(
            guild_id,
            """DELETE FROM keys WHERE guild_id = :guild_id AND retired_at IS NOT NULL AND NOT EXISTS (
                 SELECT 1 FROM jobs WHERE jobs.guild_id = :guild_id AND key_id = keys.id AND closed_at IS NULL)
               RETURNING id""",
        )

    async def retire(self, guild_id: int, *, now: float) -> None:
        """Give the server's keys to no job any more; those that no open job needs are erased at once."""

        async def work(tx: Transaction) -> None:
            for key in await tx.rows(
                "UPDATE keys SET retired_at = :now WHERE guild_id = :guild_id AND retired_at IS NULL RETURNING id",
                guild_id=guild_id,
                now=now,
            ):
                await case.decided(tx, guild_id, "key_off", key["id"], None)

        await self._database.write(work, guild_id=guild_id)
        await self.sweep(guild_id)

    async def _update(
        self, guild_id: int, sql: str, *, kind: str = "", by: int | None = None, now: float = 0.0, **values: object
    ) -> Row | None:
        """Change keys; with a `kind`, tell of it in the log."""

        async def work(tx: Transaction) -> Row | None:
            row = await tx.row(sql, guild_id=guild_id, now=now, **values)
            if row and kind:
                facts = {"provider": row["provider"], "hint": row["hint"], "reason": row["off_reason"] or ""}
                await note(tx, guild_id, kind, now=now, actor_id=by, facts=facts)
                await case.decided(tx, guild_id, "key_off", row["id"], by)
            return row

        return await self._database.write(work, guild_id=guild_id)
