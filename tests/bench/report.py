"""The table of what was measured that the documentation shows, and the same for programs to read."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import Aim, Figures

DOCS = Path(__file__).parents[2] / "docs"
TABLE, FIGURES = DOCS / "performance.md", DOCS / "performance.json"
_HEAD = """# How fast it is

`make bench` measures all of this, and writes this page and [performance.json](performance.json) anew. Each line is held
against a baseline that was measured in the same run on the same machine, so the ratios mean something elsewhere, too.

| | measured | aim | reached |
| --- | --- | --- | --- |
"""


def write(measured: Mapping[str, tuple[Sequence[Aim], Figures]], cores: int) -> None:
    """Write both, from what each benchmark aims at and has measured."""
    when = datetime.now(UTC)
    lines = [
        f"| {aim.what} | {aim.of(figures):.2f} | {aim.bound} | {'yes' if aim.is_met(figures) else '**no**'} |"
        for aims, figures in measured.values()
        for aim in aims
    ]
    foot = f"Measured on {when:%Y-%m-%d}: {cores} cores, Python {platform.python_version()}, {platform.machine()}."
    TABLE.write_text("\n".join([_HEAD.rstrip(), *lines, "", foot, ""]))
    FIGURES.write_text(json.dumps({name: figures for name, (_, figures) in measured.items()}, indent=1) + "\n")
