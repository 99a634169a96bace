"""What is to be done to a file so that a provider can use it; stored with the job as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fill = Literal["silence", "again"]  # what follows a sound that is too short
MOST_REPEATS = 200  # of a clip that is too short, as each opens the file again


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipEdit:
    """A part of a clip, as an H.264/AAC mp4 of constant frame rate, upright, at `width` x `height` (both even).

    The part begins at `start` and is `seconds` long; a clip that ends before is taken to begin anew. The picture keeps
    its proportions: what is missing to the sides wanted is filled with black. The file has at most `most_bytes`.
    """

    start: float = 0.0
    seconds: float
    width: int
    height: int
    most_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundEdit:
    """The sound of a file, evened in loudness, exactly `seconds` long and of at most `most_bytes`.

    What is too long is cut off at the end; what is too short is filled with silence, or with itself again.
    """

    format: Literal["mp3", "wav"] = "mp3"
    seconds: float
    fill: Fill = "silence"
    most_bytes: int
