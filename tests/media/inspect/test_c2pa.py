"""Marks of origin are noticed in any mp4, and their absence in anything else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.media.inspect.c2pa import C2PA, content_credentials
from tests.media.conftest import Make
from tests.media.odd_files import Odd
from tests.media.test_fuzz import damaged

PLAIN = Odd(sides=(64, 48))


def test_content_credentials_are_noticed_wherever_they_lie(make: Make, tmp_path: Path) -> None:
    plain = make(PLAIN).read_bytes()
    box = (8 + 16 + 100).to_bytes(4, "big") + b"uuid" + C2PA + bytes(100)
    large = (1).to_bytes(4, "big") + b"uuid" + (16 + 16 + 100).to_bytes(8, "big") + C2PA + bytes(100)
    other = (8 + 16 + 100).to_bytes(4, "big") + b"uuid" + bytes(116)
    first = int.from_bytes(plain[:4], "big")
    file = tmp_path / "clip"
    for content, expected in [
        (plain, False),
        (plain[:first] + box + plain[first:], True),
        (plain[:first] + large + plain[first:], True),
        (plain + other + box, True),
        (plain + other, False),
        (plain + box[:20], False),
        (b"", False),
        (b"\x00" * 1000, False),
        (bytes(range(256)) * 10, False),
    ]:
        file.write_bytes(content)
        assert content_credentials(file) is expected


@pytest.mark.parametrize("length", [2**64 - 1, 2**63, 2**63 - 1, 2**40])
def test_a_last_box_that_reaches_beyond_the_file_ends_the_search(length: int, make: Make, tmp_path: Path) -> None:
    """Players play such a file."""
    file = tmp_path / "clip"
    file.write_bytes(make(PLAIN).read_bytes() + (1).to_bytes(4, "big") + b"free" + length.to_bytes(8, "big"))
    assert not content_credentials(file)


def test_no_bytes_are_too_odd_to_be_searched(tmp_path: Path) -> None:
    """Boxes of any length, whole and damaged."""
    dice, file = random.Random("boxes"), tmp_path / "clip"
    for _ in range(500):
        content = b""
        for _ in range(dice.randrange(1, 5)):
            length = dice.choice([0, 1, 7, 8, 24, 2**31, 2**32 - 1])
            content += length.to_bytes(4, "big") + dice.choice([b"free", b"uuid", b"mdat"]) + dice.randbytes(16)
        file.write_bytes(damaged(content, dice))
        assert content_credentials(file) in {True, False}
