"""Titles, fields and menus of forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.preflight.offer import Offer
from storage.servers.limit_rules import Rule


@dataclass(frozen=True, slots=True)
class Field:
    """What stands above a field, and below that, in small."""

    label: str
    hint: str | None = None


MAKE_IT_SPEAK = "Make it speak"
CHANGE_VOICE = "Change voice"
WHICH_PART = "Which part?"
LIMITS = "Limits"

SAID = Field("What should be said")
VOICE = Field("Voice")
OTHER_VOICE = Field("Another voice", "The name of a voice that isn't in the list; it counts instead")
RECORDING = Field("Or a recording", "Any recording, or a video's sound; leave the text empty then")
CLIP = Field("Your clip", "A clip of one person, seen from the front")
FOUND_CLIP = Field("Or a clip from here", "Used when you attach none above")

AUTO = "Auto: whoever fits"  # among providers
NO_LIMIT = "no limit"
EVERYWHERE = "Everywhere"
EVERYONE = "Everyone"
OPEN_ONE = "Open one"
CHOOSE_CHANNEL = "Choose a channel"

LIMIT_FIELDS: Mapping[str, Rule] = {
    "Videos a day, each member": Rule("everyone", 0, "jobs", "day", 0),
    "Videos at once, each member": Rule("everyone", 0, "active", "now", 0),
    "Videos a day, the whole server": Rule("server", 0, "jobs", "day", 0),
    "US dollars a month, the whole server": Rule("server", 0, "cents", "month", 0),
}


def found_clip(author: str, posted_at: datetime) -> str:
    """Who posted a clip, and when."""
    return f"{author[:60]}, {posted_at:%d %b, %H:%M} UTC"


def part_begin(offer: Offer | None) -> Field:
    """Where in the clip the part begins."""
    return Field("Begin at", f"The clip has {offer.seen.video.seconds:.1f} s" if offer else None)


def part_length(offer: Offer | None) -> Field:
    """How long the part is."""
    if offer is None:
        return Field("How long")
    shortest, longest = offer.provider.flow(offer.request).limits.video_seconds
    return Field("How long", f"In seconds; {offer.provider.label} takes {shortest:g} to {longest:g} s")


def key_title(provider: str) -> str:
    """For the form that asks for a provider's key."""
    return f"{provider} key"[:45]
