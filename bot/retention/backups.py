"""Scheduled backups of SQLite's file: each one is restored and looked through before an older one goes for it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from bot.clock import HOUR, Clock
from bot.errors import MouthpieceError
from bot.placing import move, remove
from storage.engine.backup import backup, try_restore
from storage.engine.database import StorageError
from storage.engine.earlier_copies import EarlierCopies
from storage.engine.encryption import CannotUnseal, MasterKeys

log = logging.getLogger(__name__)

LOOK_SECONDS = 300.0  # between two looks at whether one is due, as after an erasure, which deletes them all


class Backups:
    """Makes one every so many hours, beside the database, and keeps so many."""

    def __init__(
        self, database: Path, copies: EarlierCopies, master: MasterKeys, clock: Clock, *, every_hours: int, keep: int
    ) -> None:
        self._database = database
        self._copies = copies
        self._master = master
        self._clock = clock
        self._every = every_hours * HOUR
        self._keep = keep

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if await asyncio.to_thread(self._is_due):
                await self.make()
            await self._clock.sleep(LOOK_SECONDS)

    async def make(self) -> Path | None:
        """Make one now; None when it can't be made or restored, which is logged, and leaves the earlier ones."""
        trial = self._copies.trial
        copy = trial / "copy.db"
        async with self._copies.turn:
            try:
                await asyncio.to_thread(self._empty, trial)
                await asyncio.to_thread(backup, self._database, copy)
                await try_restore(copy, trial / "restored.db", self._master)
                return await asyncio.to_thread(self._keep_it, copy)
            except (StorageError, CannotUnseal, MouthpieceError, OSError) as fault:
                log.error("no backup was made, and the earlier ones stay: %s", fault)  # noqa: TRY400 - it says it all
                return None
            finally:
                await asyncio.to_thread(remove, trial)

    def _is_due(self) -> bool:
        made = self._copies.backups()
        return not made or self._clock.now() - made[-1].stat().st_mtime >= self._every

    def _keep_it(self, copy: Path) -> Path:
        """Give the new one its place, and let the oldest go."""
        made = move(copy, self._copies.backup(self._clock.now()))
        for old in self._copies.backups()[: -self._keep]:
            old.unlink(missing_ok=True)
        log.info("a backup was made, and a trial of it restored: %s", made.name)
        return made

    def _empty(self, trial: Path) -> None:
        """Make the folder anew: what lies there, one that was killed has left."""
        remove(trial)
        trial.mkdir(mode=0o700)
