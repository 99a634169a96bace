"""Pieces are sent in as few messages as Discord takes, and in their order."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from bot.delivery.size_limit import MOST_BYTES, MOST_FILES, STEPS, _by_message, smaller_step


@pytest.mark.parametrize(("count", "megabytes"), [(1, 9), (1, 300), (3, 9), (25, 1), (52, 10)])
def test_every_piece_is_in_one_message_and_no_message_is_too_large(tmp_path: Path, count: int, megabytes: int) -> None:
    files = [tmp_path / f"{number:02}.mp4" for number in range(count)]
    for file in files:
        with file.open("wb") as data:
            data.truncate(megabytes * 2**20)
    messages = _by_message(files)
    assert list(chain(*messages)) == files
    for message in messages:
        assert len(message) <= MOST_FILES
        assert len(message) == 1 or sum(file.stat().st_size for file in message) <= MOST_BYTES


def test_the_steps_go_down_and_end() -> None:
    size: int | None = 500 * 2**20
    taken = []
    while size := smaller_step(size or 0):
        taken.append(size)
    assert taken == list(STEPS)
