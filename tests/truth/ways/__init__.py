"""The table of endings: for each failure code the ways to it, and what its last stage costs there."""

from __future__ import annotations

from tests.truth.way import WAYS, Way
from tests.truth.ways import finishing, making, people, sending

AFTER_A_BACKUP = {"restored"}  # see `tests/truth/test_backups.py`
CODES = {way.code for way in WAYS} | AFTER_A_BACKUP

__all__ = ["CODES", "WAYS", "Way", "finishing", "making", "people", "sending"]
