"""How the shards of a process are written."""

from __future__ import annotations

import pytest

from bot.app.servers.shards import Shards


@pytest.mark.parametrize(
    ("text", "ids", "count"),
    [("0-3/16", (0, 1, 2, 3), 16), ("15/16", (15,), 16), (" 0/1 ", (0,), 1), ("2-2/3", (2,), 3)],
)
def test_shards_are_written_as_a_range_of_so_many(text: str, ids: tuple[int, ...], count: int) -> None:
    assert Shards.parse(text) == Shards(ids, count)


@pytest.mark.parametrize("text", ["0-3", "3-0/16", "0-16/16", "16/16", "0/0", "-1/4", "a/b", "0,1/4", "0-3/16/2"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not written like 0-3/16|of \d+ shards, the first is 0"):
        Shards.parse(text)
