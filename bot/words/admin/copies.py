"""What the operator reads of copies of the database."""

from __future__ import annotations

from pathlib import Path


def copied(copy: Path, files: Path) -> str:
    """The copy is made; `files` is the folder of clips, recordings and videos, which no copy holds."""
    return (
        f"{copy} is a whole copy of the database. Keep the master key with it, but not in the same place.\n"
        f"No video is in it: those that are kept for members to fetch are in {files} (or in the bucket, with "
        "FILES_URL). Restored without them, the bot says that they are gone, and nothing else is missing."
    )
