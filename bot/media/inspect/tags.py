"""What a container says of itself beside picture and sound: among it, that it was made by AI."""

from __future__ import annotations

from pathlib import Path

from bot.media.inspect.opening import opened

# What a writer says of its own file, and where the camera was, which is nobody's business.
NOT_CARRIED = {"major_brand", "minor_version", "compatible_brands", "encoder"}
WHERE = "location"
AI_MARKS = {"aigc"}  # the label that China's rules ask for; other known marks are no tags, see `marks`
MOST_BYTES = 4_096  # of all tags together, so that no comment takes the room of the picture


def tags_of(*files: Path) -> dict[str, str]:
    """The tags of all the files, the first having the say; where they are too long, some are left out, marks of AI
    last.
    """
    tags: dict[str, str] = {}
    for file in reversed(files):
        tags |= _tags(file)
    kept, room = {}, MOST_BYTES
    for name, value in sorted(tags.items(), key=lambda tag: not _is_ai_mark(tag[0])):
        size = len(name.encode()) + len(value.encode())
        if size <= room:
            kept[name] = value
            room -= size
    return kept


def ai_marks_of(file: Path) -> dict[str, str]:
    """Of a file's tags those that say that it was made by AI, and nothing that its owner wrote."""
    return {name: value for name, value in tags_of(file).items() if _is_ai_mark(name)}


def _tags(file: Path) -> dict[str, str]:
    with opened(file) as container:
        return {
            name: value
            for name, value in container.metadata.items()
            if name.lower() not in NOT_CARRIED and WHERE not in name.lower()
        }


def _is_ai_mark(name: str) -> bool:
    return name.lower() in AI_MARKS
