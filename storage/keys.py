"""Each server's provider keys, encrypted and bound to server and provider."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from storage.database import Database, Transaction
from storage.sealing import MasterKeys


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be shown of a key: its provider, its last characters, who added it and when."""

    provider: str
    hint: str
    added_by: int
    added_at: float


class Keys:
    """Store of the table `keys`. Plain keys exist only in what `get` returns; the cache holds ciphertext."""

    def __init__(self, database: Database, master: MasterKeys) -> None:
        self._database = database
        self._master = master
        self._sealed: dict[tuple[int, str], tuple[str, bytes] | None] = {}

    async def put(
        self, guild_id: int, provider: str, credentials: Mapping[str, str], *, hint: str, added_by: int, now: float
    ) -> None:
        """Save or replace the server's key for this provider. `hint` is all that will ever be shown of it."""
        plain = json.dumps(dict(credentials)).encode()
        master_id, sealed = self._master.seal(plain, guild_id, provider)

        async def work(tx: Transaction) -> None:
            await tx.row(
                """INSERT INTO keys (guild_id, provider, master_id, sealed, hint, added_by, added_at)
                   VALUES (:guild_id, :provider, :master_id, :sealed, :hint, :added_by, :now)
                   ON CONFLICT (guild_id, provider) DO UPDATE SET
                     master_id = :master_id, sealed = :sealed, hint = :hint, added_by = :added_by, added_at = :now""",
                guild_id=guild_id,
                provider=provider,
                master_id=master_id,
                sealed=sealed,
                hint=hint,
                added_by=added_by,
                now=now,
            )

        await self._database.write(work)
        self._sealed[guild_id, provider] = (master_id, sealed)

    async def get(self, guild_id: int, provider: str) -> dict[str, str] | None:
        """The credentials in the clear, None when there are none; `CannotUnseal` when they can't be opened."""
        cached = (guild_id, provider)
        if cached not in self._sealed:
            row = await self._database.row(
                "SELECT master_id, sealed FROM keys WHERE guild_id = :guild_id AND provider = :provider",
                guild_id=guild_id,
                provider=provider,
            )
            # A key that was saved or removed while this was reading is the newer truth.
            self._sealed.setdefault(cached, None if row is None else (row["master_id"], row["sealed"]))
        sealed = self._sealed[cached]
        if sealed is None:
            return None
        plain = self._master.unseal(*sealed, guild_id, provider)
        return {str(name): str(value) for name, value in json.loads(plain).items()}

    async def list(self, guild_id: int) -> list[KeyInfo]:
        """The server's keys as they may be shown, oldest first."""
        rows = await self._database.rows(
            "SELECT provider, hint, added_by, added_at FROM keys WHERE guild_id = :guild_id ORDER BY added_at",
            guild_id=guild_id,
        )
        return [KeyInfo(**dict(row)) for row in rows]

    async def remove(self, guild_id: int, provider: str) -> bool:
        """Erase the key; False when there was none."""

        async def work(tx: Transaction) -> bool:
            row = await tx.row(
                "DELETE FROM keys WHERE guild_id = :guild_id AND provider = :provider RETURNING provider",
                guild_id=guild_id,
                provider=provider,
            )
            return row is not None

        removed = await self._database.write(work)
        self._sealed[guild_id, provider] = None
        return removed

    async def remove_all(self, guild_id: int) -> None:
        """Erase every key of a server."""
        for info in await self.list(guild_id):
            await self.remove(guild_id, info.provider)
