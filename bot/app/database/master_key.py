"""The master key that is kept beside the database's file, where the operator names none."""

from __future__ import annotations

from pathlib import Path

from bot.errors import SettingsError
from bot.net.faults import Unwritable
from bot.placing import disk_faults, placed
from storage.engine.encryption import MasterKeys


def kept_master_key(file: Path, database: Path) -> MasterKeys:
    """What the file holds; one is made on the first start. `SettingsError` when there is none to an existing database,
    or it can't be used.
    """
    if not file.exists():
        if database.is_file():
            raise SettingsError(problem=f"MASTER_KEYS: {file} is missing; the keys in {database} need it")
        _make(file)
    try:
        return MasterKeys.parse(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SettingsError(problem=f"MASTER_KEYS: {file}: {error}") from None


def _make(file: Path) -> None:
    """Whole or not at all: what was saved with half a key could never be opened."""
    try:
        with disk_faults():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with placed(file) as part:
                part.write_text(MasterKeys.generate("local") + "\n", encoding="utf-8")
    except Unwritable as fault:
        raise SettingsError(problem=f"DATABASE_PATH: {file.parent} can't be used: {fault.detail}") from None
