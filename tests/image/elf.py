"""What `strip` would leave of a shared library."""

from __future__ import annotations

import struct
from pathlib import Path

ALLOCATED = 2  # the flag of a section that is loaded into memory
NO_BITS = 8  # the type of one that takes no room in the file
ELF_64 = b"\x7fELF\x02\x01"


def stripped_size(path: Path) -> int:
    """The bytes of the file without the sections that are never loaded, such as symbols for debuggers; all of them if
    it is no library for Linux on 64 bits.
    """
    data = path.read_bytes()
    if not data.startswith(ELF_64):
        return len(data)
    (table,) = struct.unpack_from("<Q", data, 40)
    width, count = struct.unpack_from("<HH", data, 58)
    left_out = 0
    for place in range(table, table + width * count, width):
        kind, flags, _, _, size = struct.unpack_from("<IQQQQ", data, place + 4)
        left_out += size if kind != NO_BITS and not flags & ALLOCATED else 0
    return len(data) - left_out
