"""Marks of origin that don't survive being written anew."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO
from uuid import UUID

C2PA = UUID("d8fec3d6-1b0e-483c-9297-5828877ec481").bytes
MOST_BOXES = 100_000  # a long fragmented file has some thousands


def content_credentials(file: Path) -> bool:
    """Whether an mp4 carries a C2PA manifest. Only the headers of its boxes are read; what is no mp4 carries none, and
    behind a box that says it reaches beyond the file there is nothing.
    """
    size = file.stat().st_size
    with file.open("rb") as data:
        at = 0
        for _ in range(MOST_BOXES):
            data.seek(at)
            kind, length, is_c2pa = _box(data, size - at)
            if is_c2pa:
                return True
            at += length
            if length < 8 or not kind.isascii() or at >= size:
                return False
    return False


def _box(data: BinaryIO, left: int) -> tuple[bytes, int, bool]:
    """The kind of the box that begins here, its length (0 when there is none), and whether it is the one."""
    head = data.read(8)
    if len(head) < 8:
        return b"", 0, False
    length, kind = int.from_bytes(head[:4], "big"), head[4:]
    if length == 1:
        length = int.from_bytes(data.read(8), "big")
    elif length == 0:
        length = left
    return kind, length, kind == b"uuid" and data.read(16) == C2PA
