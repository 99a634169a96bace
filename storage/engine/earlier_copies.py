"""The copies that migrations, and the move to PostgreSQL, leave of the database as it was: whoever is erased from it
must not live on in them.
"""

from __future__ import annotations

from pathlib import Path

MARK = ".before-"  # the schema's number, or what else became of it, comes behind it


class EarlierCopies:
    """The copies beside one database."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def path(self, change: int | str) -> Path:
        """Where the copy lies that is made before the database gets this schema, or something else becomes of it."""
        return self._database.with_name(f"{self._database.name}{MARK}{change}")

    def delete(self, *, made_before: float | None = None) -> int:
        """Delete those made before that moment, in seconds since 1970, or all of them; how many there were."""
        found = [file for file in self._all() if made_before is None or file.stat().st_mtime < made_before]
        for file in found:
            file.unlink(missing_ok=True)
        return len(found)

    def _all(self) -> list[Path]:
        start = f"{self._database.name}{MARK}"
        return [file for file in self._database.parent.iterdir() if file.name.startswith(start)]
