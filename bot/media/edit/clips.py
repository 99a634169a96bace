"""The part of a clip that a provider gets."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from bot.domain.edits import MOST_REPEATS, ClipEdit
from bot.domain.media_facts import MediaFacts
from bot.media.child import TooMuchWork, Unreadable
from bot.media.edit.bitrate import write_within
from bot.media.edit.encode import OutputForm, Span
from bot.media.edit.rates import steady_rate
from bot.media.edit.scaling import Sides
from bot.media.inspect.measure import measure

ROUNDING = 0.001  # seconds; what is shorter isn't worth a span
HELD = 0.06  # seconds: where so little is missing the last picture stays, as the first one again would be a flash


def write_clip(source: Path, edit: ClipEdit, target: Path) -> None:
    """Runs in a child. A clip without sound gets none; the tags of the file stay behind, as they may say where its
    owner lives.
    """
    facts = seen_in(source)
    if edit.seconds > MOST_REPEATS * facts.seconds:
        raise TooMuchWork("it is too short to be repeated so often")
    # A whole rate, so that whole seconds are exactly that: at 30,000/1001 ten would be 10.01, above a limit of ten.
    form = OutputForm(Sides(edit.width, edit.height), Fraction(round(steady_rate(facts))), facts.has_sound)
    write_within(edit.most_bytes, _spans(source, facts, edit), form, target)


def seen_in(file: Path) -> MediaFacts:
    """The facts of a file that must have a picture."""
    facts = measure(file)
    if not facts.width:
        raise Unreadable("it holds no picture")
    return facts


def _spans(source: Path, facts: MediaFacts, edit: ClipEdit) -> list[Span]:
    spans: list[Span] = []
    start, missing = edit.start % facts.seconds, edit.seconds
    while missing > ROUNDING or not spans:
        left = facts.seconds - start
        now = missing if missing <= left + HELD else left
        spans.append(Span(source, facts, start, now))
        start, missing = 0.0, missing - now
    return spans
