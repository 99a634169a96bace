"""How files and texts are made to fit a flow: the edits that mend what doesn't. Nothing here decides whether that may
be done.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from bot.domain.ask import Ask
from bot.domain.edits import ClipEdit, SoundEdit
from bot.domain.fixes import Fixes
from bot.domain.flows import Flow, FlowLimits
from bot.domain.media_facts import MediaFacts
from bot.domain.request import Part, Section
from bot.domain.voices import Voice
from bot.preflight.text_split import divided, pace
from bot.providers.base import Provider

SHARE_OF_BYTES = 0.98  # of what a provider takes, so that nobody quarrels over the rest
PAUSE_SECONDS = 0.5  # of picture after a section's speech, whose length is a guess


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: an ask against one flow of one provider."""

    ask: Ask
    provider: Provider
    flow: Flow

    @property
    def limits(self) -> FlowLimits:
        """What the flow takes."""
        return self.flow.limits

    def most_bytes(self, part: Part) -> int:
        """The largest file that can be brought to the provider once it has to be prepared."""
        limit = int((self.limits.video_bytes if part == "video" else self.limits.audio_bytes) * SHARE_OF_BYTES)
        return limit if part in self.provider.uploads else min(limit, self.ask.place.file_bytes)


def part_of_clip(facts: MediaFacts, limits: FlowLimits, fixes: Fixes) -> tuple[float, float]:
    """Where the part that is sent begins, and how long it is."""
    shortest, longest = limits.video_seconds
    if fixes.part:
        return fixes.part
    return 0.0, min(max(facts.seconds, shortest), longest)


def clip_edit(attempt: Attempt, facts: MediaFacts, part: tuple[float, float]) -> ClipEdit:
    """The part of the clip in a form that fits."""
    width, height = canvas(facts.width, facts.height, attempt.limits.sides)
    return ClipEdit(start=part[0], seconds=part[1], width=width, height=height, most_bytes=attempt.most_bytes("video"))


def canvas(width: int, height: int, sides: tuple[int, int]) -> tuple[int, int]:
    """Even sides within the limits for a picture of these sides: larger or smaller in proportion where that is enough,
    else with space around it.
    """
    smallest, largest = sides
    factor = max(1.0, smallest / min(width, height))
    factor = min(factor, largest / max(width, height))
    return _even(width * factor, smallest, largest), _even(height * factor, smallest, largest)


def _even(side: float, smallest: int, largest: int) -> int:
    return min(max(2 * round(side / 2), 2 * ceil(smallest / 2)), largest - largest % 2)


def sound_edit(attempt: Attempt, seconds: float) -> SoundEdit:
    """The recording in a form that fits, so long."""
    return SoundEdit(
        format="mp3" if "mp3" in attempt.limits.audio_formats else "wav",
        seconds=seconds,
        fill="again" if attempt.ask.fill == "again" else "silence",
        most_bytes=attempt.most_bytes("audio"),
    )


def sound_seconds(attempt: Attempt, facts: MediaFacts, clip_seconds: float) -> float:
    """How long the recording is when it is sent: as long as the clip where the person has said what is to follow it."""
    shortest, longest = attempt.limits.audio_seconds
    own = facts.sound_seconds or facts.seconds
    wanted = clip_seconds if attempt.ask.fill else own
    return max(shortest, min(wanted, clip_seconds, longest))


def texts(attempt: Attempt, language: str) -> list[str]:
    """What is spoken, in parts that the provider can say in one call each."""
    letters_per_second = pace(language, attempt.ask.speed)
    longest = int(letters_per_second * (attempt.limits.video_seconds[1] - PAUSE_SECONDS))
    shortest = round(letters_per_second * attempt.limits.speech_seconds)
    return divided(attempt.ask.text or "", max(1, min(attempt.limits.text_chars, longest)), shortest)


def sections(attempt: Attempt, facts: MediaFacts, voice: Voice, begin: float) -> tuple[Section, ...]:
    """The parts of a long text, each with the part of the clip that follows the one before; a clip that is too short
    for all of them begins anew.
    """
    made: list[Section] = []
    shortest, longest = attempt.limits.video_seconds
    for text in texts(attempt, voice.language):
        spoken = len(text) / pace(voice.language, attempt.ask.speed) + PAUSE_SECONDS
        seconds = round(min(max(spoken, shortest), longest), 2)
        made.append(Section(text=text, clip=clip_edit(attempt, facts, (round(begin, 2), seconds))))
        begin += seconds
    return tuple(made)
