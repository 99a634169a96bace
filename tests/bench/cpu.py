"""What processes have used of the CPU, as Linux tells in /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")  # a second


class Used(NamedTuple):
    """By a process, of which that has been waited for included; and who started it."""

    parent: int
    seconds: float


def cpu_seconds(*processes: int) -> float:
    """By these and all that they have started, from their beginning on."""
    used = dict(_all())
    within = set(processes)
    while more := {pid for pid, one in used.items() if one.parent in within} - within:
        within |= more
    return sum(used[pid].seconds for pid in within if pid in used)


def _all() -> Iterator[tuple[int, Used]]:
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            yield int(entry.name), Used(int(fields[1]), sum(map(int, fields[11:15])) / TICKS)
