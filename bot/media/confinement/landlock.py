"""Landlock: which files a process may open, since Linux 5.13. See landlock(7)."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bot.media.confinement.kernel import call

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # on every machine
ASK_VERSION, PATH_BENEATH = 1, 1

WRITE_FILE, READ_FILE, REMOVE_FILE, MAKE_REG, TRUNCATE = 1 << 1, 1 << 2, 1 << 5, 1 << 8, 1 << 14
TO_READ = READ_FILE
TO_WRITE = READ_FILE | WRITE_FILE | TRUNCATE  # an mp4 is read again to put its index to the front
TO_FILL = TO_WRITE | MAKE_REG | REMOVE_FILE  # a folder

# By the version from which on the kernel knows them; what is handled is forbidden unless a rule allows it.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}  # the number of rights
TCP, TCP_SINCE = 0b11, 4  # to bind, to connect
SCOPES, SCOPES_SINCE = 0b11, 6  # no abstract sockets, no signals to processes that aren't confined with it


def version() -> int:
    """The version of the kernel's Landlock; 0 where there is none, or a container's rules forbid it."""
    if sys.platform != "linux":
        return 0
    try:
        return call(CREATE_RULESET, None, 0, ASK_VERSION)
    except OSError:
        return 0


def allow_only(rights: Mapping[Path, int]) -> None:
    """From now on this thread, and those it starts, may open nothing else; without a way back.

    What isn't there is left out: whoever opens it will find out. Raises `OSError` where the kernel refuses.
    """
    known = version()
    files = (1 << max(count for since, count in FILE_RIGHTS.items() if since <= known)) - 1
    handled = struct.pack("=QQQ", files, TCP * (known >= TCP_SINCE), SCOPES * (known >= SCOPES_SINCE))
    rules = call(CREATE_RULESET, handled, len(handled), 0)
    try:
        for path, allowed in rights.items():
            with suppress(FileNotFoundError):
                _allow(rules, path, allowed & files)
        call(RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: Path, allowed: int) -> None:
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        call(ADD_RULE, rules, PATH_BENEATH, struct.pack("=Qi", allowed, beneath), 0)
    finally:
        os.close(beneath)
