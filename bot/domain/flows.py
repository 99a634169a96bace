"""The ways in which a provider makes a video, as data: what each takes, and the calls it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.request import Mode, Part
from storage.jobs.job import Position


@dataclass(frozen=True, slots=True)
class FlowLimits:
    """What a flow takes. Sizes in bytes, times in seconds, sides in pixels, codecs by FFmpeg's names. `speech_seconds`
    is the shortest speech that may be made from a text; `mixes` says whether volumes can be set.
    """

    containers: frozenset[str]
    video_bytes: int
    video_seconds: tuple[float, float]
    video_codecs: frozenset[str]
    frames_per_second: float
    sides: tuple[int, int]
    text_chars: int = 0
    speeds: tuple[float, float] = (1.0, 1.0)
    speech_seconds: float = 0.0
    audio_formats: frozenset[str] = frozenset()
    audio_bytes: int = 0
    audio_seconds: tuple[float, float] = (0.0, 0.0)
    mixes: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One paid or free call of a provider's flow; `label` is what people read while it runs.

    `findable`: the provider can look up a submission of it whose answer was lost. `needs_length`: the length of the
    speech that was made before must be known, and is measured if the provider hasn't said it. `section`: of a text that
    is made in several ones, which this call is for.

    `yields` names what the stage is there for: it is passed over where the job has all of that. `kept_seconds` is how
    long a later job of the same key can use it for the same clip, which then needn't be handed over; 0: not at all.
    `uses_kept`: the stage is given it, so when the provider refuses the stage, that may be why.
    """

    name: str
    label: str
    findable: bool = False
    needs_length: bool = False
    section: int = 0
    yields: tuple[str, ...] = ()
    kept_seconds: float = 0.0
    uses_kept: bool = False

    @property
    def position(self) -> Position:
        """Where a job is while this is its stage."""
        return Position(self.name, self.section)


# Stages of our own, free of charge and harmless to repeat: a file is prepared, and brought where the provider gets it.
HANDED_OVER: Mapping[str, Part] = {"upload_video": "video", "upload_audio": "audio"}


@dataclass(frozen=True, slots=True)
class Flow:
    """One way in which a provider makes a video: what it takes, and the calls it takes, in order."""

    name: str
    mode: Mode
    limits: FlowLimits
    stages: tuple[Stage, ...]


class UnknownStage(Exception):
    """A job is at a stage that this version of its provider doesn't have."""


def stage_at(stages: Sequence[Stage], position: Position) -> Stage:
    """The call at that position; `UnknownStage` when there is none."""
    found = next((stage for stage in stages if stage.position == position), None)
    if found is None:
        raise UnknownStage(str(position))
    return found


def stage_after(stages: Sequence[Stage], position: Position) -> Stage | None:
    """The call that follows the one at that position, None after the last; `UnknownStage` when there is none there."""
    following = stages.index(stage_at(stages, position)) + 1
    return stages[following] if following < len(stages) else None
