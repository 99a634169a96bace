"""What a container says of itself beside picture and sound: among it, that it was made by AI."""

from __future__ import annotations

from pathlib import Path

from bot.media.opening import opened

# What a writer says of its own file, and where the camera was, which is nobody's business.
NOT_CARRIED = {"major_brand", "minor_version", "compatible_brands", "encoder"}
WHERE = "location"


def tags_of(*files: Path) -> dict[str, str]:
    """The tags of all the files, the first having the say."""
    tags: dict[str, str] = {}
    for file in reversed(files):
        with opened(file) as container:
            tags |= {
                name: value
                for name, value in container.metadata.items()
                if name.lower() not in NOT_CARRIED and WHERE not in name.lower()
            }
    return tags
