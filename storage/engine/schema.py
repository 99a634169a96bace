"""The schema's versions: numbered SQL files, forward only, each run in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files


def migrations() -> Mapping[int, str]:
    """The SQL of each schema version, by number."""
    found = files("storage.engine").joinpath("migrations").iterdir()
    return {int(file.name[:4]): file.read_text(encoding="utf-8") for file in found if file.name.endswith(".sql")}
