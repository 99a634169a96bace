"""Discord divides a bot's servers into shards, 2,500 servers at most in each; a process serves some or all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WRITTEN = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?/(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Shards:
    """The shards that a process serves, of `count`; with neither all of them, and as many as Discord advises."""

    ids: tuple[int, ...] = ()
    count: int | None = None

    @classmethod
    def parse(cls, text: str | Shards) -> Shards:
        """Read what is written like `3/16` or `0-3/16`. `ValueError` for anything else."""
        if isinstance(text, Shards):
            return text
        found = _WRITTEN.fullmatch(text.strip())
        if not found:
            raise ValueError("is not written like 0-3/16, which are the shards 0 to 3 of 16")
        first, count = int(found[1]), int(found[3])
        last = int(found[2] or first)
        if not first <= last < count:
            raise ValueError(f"of {count} shards, the first is 0 and the last {count - 1}")
        return cls(tuple(range(first, last + 1)), count)
