"""A finished video, small enough to be posted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.domain.media_facts import MediaFacts
from bot.media.child import TooMuchWork
from bot.media.edit.bitrate import bits_within, too_small, write_within
from bot.media.edit.clips import seen_in
from bot.media.edit.encode import OutputForm, Span
from bot.media.edit.joins import even_sides
from bot.media.edit.rates import steady_rate
from bot.media.edit.scaling import Sides
from bot.media.inspect.tags import tags_of

SHORTER_SIDES = (1080, 720, 540, 360)
GOOD_BITS_PER_PIXEL = 0.04  # with less, smaller sides look better than blocks


def write_shrunk(video: Path, most_bytes: int, target: Path) -> None:
    """Runs in a child: see `Editor.shrink`."""
    facts = seen_in(video)
    spans, tags = [Span(video, facts, 0.0, facts.seconds)], tags_of(video)
    form = OutputForm(Sides(2, 2), steady_rate(facts), facts.has_sound)
    bits = bits_within(most_bytes, facts.seconds, form).video_bits or 0
    steps = [_sides(facts, shorter) for shorter in SHORTER_SIDES]
    good = [sides for sides in steps if bits >= GOOD_BITS_PER_PIXEL * sides.width * sides.height * form.rate]
    for sides in dict.fromkeys((*good[:1], steps[-1])):
        try:
            write_within(most_bytes, spans, replace(form, sides=sides), target, tags)
        except TooMuchWork:
            continue
        return
    raise too_small()


def _sides(facts: MediaFacts, shorter: int) -> Sides:
    scale = min(1.0, shorter / min(facts.width, facts.height))
    return even_sides(facts, max(2, round(max(facts.width, facts.height) * scale)))
