"""What can be done so that a file or a text fits a provider, and what a person has agreed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Fix = Literal["turn", "scale", "convert", "repeat", "recode", "lengthen", "trim", "cut", "split"]

# The clip: turn upright, scale, convert (format, frame rate, size), repeat what is too short, trim what is too long
# The recording: recode (format, size), lengthen by silence, cut · The text: split into sections
OF_CLIP: frozenset[Fix] = frozenset({"turn", "scale", "convert", "repeat", "trim"})
OF_SOUND: frozenset[Fix] = frozenset({"recode", "lengthen", "cut"})
ASKED_ONE_BY_ONE: frozenset[Fix] = frozenset({"trim", "cut", "split"})  # the others change nothing that is seen or said

# What can stand against a provider; `bot/words/problems.py` has the words for each, filled with the facts.
ProblemCode = Literal[
    "no_recordings",
    "no_texts",
    "empty",
    "too_large",
    "link_ends",
    "wrong_format",
    "no_ending",
    "misnamed",
    "no_picture",
    "wrong_sides",
    "turned",
    "wrong_codec",
    "deep",
    "too_much_work",
    "too_many_pictures",
    "wrong_length",
    "wrong_part",
    "part_too_late",
    "too_short_for_text",
    "no_volumes",
    "no_sound",
    "is_video",
    "is_encoded",
    "wrong_recording_length",
    "longer_than_clip",
    "wrong_speed",
    "no_such_voice",
    "no_voice",
    "several_voices",
    "too_many_letters",
    "too_long_to_say",
    "too_many_parts_of_letters",
    "too_many_parts_to_say",
    "too_little_speech",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that stands against a provider, with the facts about it; `fix` is None where nothing helps."""

    code: ProblemCode
    facts: Mapping[str, object] = field(default_factory=dict)
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Fixes:
    """What a person has agreed to. `part` is where in the clip the part begins that is used, and how long it is; the
    longest that fits from the beginning where it is None. With `rest`, the rest of the clip stays around it.
    """

    agreed: frozenset[Fix] = field(default_factory=frozenset)
    part: tuple[float, float] | None = None
    rest: bool = True

    def allow(self, problems: Sequence[Problem]) -> bool:
        """Whether all of it may be mended."""
        return all(
            problem.fix is not None and (problem.fix not in ASKED_ONE_BY_ONE or problem.fix in self.agreed)
            for problem in problems
        )
