"""All of it together, and what of it this system doesn't offer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.media.confinement import landlock, seccomp
from bot.media.confinement.kernel import gain_nothing


def missing() -> list[str]:
    """What isn't offered here, by name; nothing where all of it is."""
    lacking = []
    if not landlock.version():
        lacking.append("Landlock (other files are within its reach)")
    if not seccomp.is_offered():
        lacking.append("seccomp (the network and other processes are within its reach)")
    return lacking


def confine(reads: Sequence[Path], writes: Path | None) -> None:
    """Keep this thread, and those it starts, to these files as far as the system offers it; without a way back.

    `writes` is a file that is there, or a folder to be filled. Raises `OSError` where the kernel refuses what it
    offers.
    """
    gain_nothing()
    if landlock.version():
        rights = dict.fromkeys(reads, landlock.TO_READ)
        if writes:
            rights[writes] = landlock.TO_FILL if writes.is_dir() else landlock.TO_WRITE
        landlock.allow_only(rights)
    if seccomp.is_offered():
        seccomp.allow_only_listed()
