"""Finished parts put together, and put back to where they came from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.domain.media_facts import MediaFacts
from bot.media.edit.clips import ROUNDING, seen_in
from bot.media.edit.encode import OutputForm, Span, write
from bot.media.edit.rates import steady_rate
from bot.media.edit.scaling import Sides
from bot.media.inspect.tags import ai_marks_of, tags_of

LONGEST_SIDE = 1920  # no provider makes more, and more would take minutes


def write_joined(parts: Sequence[Path], target: Path) -> None:
    """Runs in a child: see `Editor.join`."""
    spans = [Span(file, facts, 0.0, facts.seconds) for file in parts for facts in (seen_in(file),)]
    write(spans, _form(spans, spans[0].facts), target, tags_of(*parts))


def write_put_back(made: Path, clip: Path, start: float, seconds: float, target: Path) -> None:
    """Runs in a child: see `Editor.put_back`. Where less was made, the clip goes on earlier: nothing stands still.
    Of the clip's tags only marks of AI are carried: what else its owner wrote there isn't for everybody.
    """
    whole, new = seen_in(clip), seen_in(made)
    covered = min(seconds, new.seconds)
    after = start + covered
    spans = [
        Span(clip, whole, 0.0, start),
        Span(made, new, 0.0, covered),
        Span(clip, whole, after, whole.seconds - after),
    ]
    spans = [span for span in spans if span.seconds > ROUNDING]
    write(spans, _form(spans, whole), target, ai_marks_of(clip) | tags_of(made))


def even_sides(facts: MediaFacts, longest: int) -> Sides:
    """The sides as shown, even, the longer one no more than `longest`."""
    scale = min(1.0, longest / max(facts.width, facts.height))
    width, height = (max(2, 2 * round(side * scale / 2)) for side in (facts.width, facts.height))
    return Sides(width, height, crop=True)


def _form(spans: Sequence[Span], like: MediaFacts) -> OutputForm:
    return OutputForm(even_sides(like, LONGEST_SIDE), steady_rate(like), any(span.facts.has_sound for span in spans))
