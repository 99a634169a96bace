"""The copies of the database that the bot makes by itself: before migrations and the move to PostgreSQL, and as
scheduled backups. Whoever is erased from the database must not live on in them.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

MARK = ".before-"  # the schema's number, or what else became of it, comes behind it
_BACKUP = re.compile(r"\.backup-(\d{8}T\d{6}Z|trial)")


class EarlierCopies:
    """The copies beside one database. `turn` is taken by whoever makes one, and while somebody is erased: none that is
    being made then may hold the person.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self.turn = asyncio.Lock()

    def path(self, change: int | str) -> Path:
        """Where the copy lies that is made before the database gets this schema, or something else becomes of it."""
        return self._beside(f"{MARK}{change}")

    def backup(self, now: float) -> Path:
        """Where the backup of that moment lies, in seconds since 1970."""
        return self._beside(time.strftime(".backup-%Y%m%dT%H%M%SZ", time.gmtime(now)))

    @property
    def trial(self) -> Path:
        """The folder in which one is made and tried."""
        return self._beside(".backup-trial")

    def backups(self) -> Sequence[Path]:
        """The finished backups, the oldest first."""
        start = self._beside(".backup-").name
        return sorted(file for file in self._all() if file.name.startswith(start) and file != self.trial)

    def delete(self, *, made_before: float | None = None) -> int:
        """Delete those made before that moment, in seconds since 1970, or all of them; how many there were."""
        found = [file for file in self._all() if made_before is None or file.stat().st_mtime < made_before]
        for file in found:
            if file.is_dir():
                shutil.rmtree(file, ignore_errors=True)
            else:
                file.unlink(missing_ok=True)
        return len(found)

    def _beside(self, ending: str) -> Path:
        return self._database.with_name(self._database.name + ending)

    def _all(self) -> list[Path]:
        name = self._database.name
        return [
            file
            for file in self._database.parent.iterdir()
            if file.name.startswith(f"{name}{MARK}")
            or (file.name.startswith(name) and _BACKUP.fullmatch(file.name.removeprefix(name)))
        ]
