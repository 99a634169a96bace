"""The master key that is kept beside the database's file, where the operator names none."""

from __future__ import annotations

from pathlib import Path

from bot.errors import SettingsError
from bot.net.faults import Unwritable
from bot.placing import disk_faults, placed
from bot.words.admin.operator import MASTER_KEY_MISSING
from storage.engine.encryption import MasterKeys
from storage.engine.sqlite_file import count_keys


def kept_master_key(file: Path, database: Path, *, anew: bool = False) -> MasterKeys:
    """What the file holds; one is made where no provider key in the database needs an earlier one, or `anew`.
    `SettingsError` when one that is needed is missing, or can't be used, `StorageError` when the database can't be.
    """
    if not file.exists():
        if not anew and count_keys(database):
            raise SettingsError(problem=MASTER_KEY_MISSING.format(file=file, database=database))
        _make(file)
    try:
        return MasterKeys.parse(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(problem=f"MASTER_KEYS: {file} can't be read: {error.strerror}") from None
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
