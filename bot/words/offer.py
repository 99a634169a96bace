"""What is said and offered when an ask doesn't fit as it is: the facts, what stands against it, what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from bot.domain.ask import Ask
from bot.domain.fixes import Fix, Problem
from bot.domain.media_facts import MediaFacts, Seen
from bot.preflight.fit import LONGEST_WHOLE
from bot.preflight.offer import Offer
from bot.words.english import listed
from bot.words.problems import reason

MOST_CHARS = 1800  # of a message's 2,000
LABELS: Mapping[Fix, str] = {
    "turn": "Turn it upright",
    "scale": "Scale",
    "convert": "Convert",
    "recode": "Convert",
    "repeat": "Repeat the clip",
    "lengthen": "Add silence",
}
_DOING: Mapping[Fix, str] = {
    "trim": "use a part of the clip",
    "split": "speak the text in parts",
    "cut": "cut the recording off where the clip ends",
    "turn": "turn the clip upright",
    "scale": "scale the clip",
    "convert": "convert the clip",
    "repeat": "repeat the clip until it is long enough",
    "recode": "convert the recording",
    "lengthen": "add silence to the recording",
}


def button(offer: Offer) -> str:
    """What stands on the button that does it all."""
    request = offer.request
    if "split" in offer.fixes:
        return f"Make {len(request.sections)} parts"
    if "trim" in offer.fixes and request.clip:
        return f"Use the first {request.clip.seconds:g} s"
    if "cut" in offer.fixes and request.sound:
        return f"Cut the recording to {request.sound.seconds:.1f} s"
    first, *others = dict.fromkeys(label for fix, label in LABELS.items() if fix in offer.fixes)
    return listed([first, *(other[0].lower() + other[1:] for other in others)])


def card(offer: Offer, *, rest: bool) -> str:
    """The private card: what was found, what stands against it, and what would be done for how much."""
    head = [
        "**That doesn't fit as it is.** Nothing is counted, sent or charged yet.",
        *(f"-# {fact}" for fact in facts(offer.ask, offer.seen)),
    ]
    doing = f"\n{_doing(offer, rest=rest)}"  # a list would swallow the next line
    left = MOST_CHARS - len("\n".join([*head, doing]))
    return "\n".join([*head, against(offer.against, left), doing])


def _doing(offer: Offer, *, rest: bool) -> str:
    request = offer.request
    done = list(dict.fromkeys(_DOING[fix] for fix in _DOING if fix in offer.fixes))
    price = "" if request.price_usd is None else f", for about ${request.price_usd:.2f}"
    sentence = f"For {offer.provider.label} I can {listed(done)}{price}."
    if request.sections:
        sections = ", ".join(f"{section.clip.seconds:.1f} s" for section in request.sections)
        sentence += f" The {len(request.sections)} parts ({sections}) are made one after the other, and joined."
        last = request.sections[-1].clip
        if last.start + last.seconds > offer.seen.video.seconds:
            sentence += " The clip begins anew when it ends."
    if offer.has_rest:
        sentence += " The rest of the clip stays as it is around it." if rest else " The rest of the clip is left out."
    elif offer.seen.video.seconds > LONGEST_WHOLE:
        sentence += " Only what is made comes back: the clip is too long for its rest to stay around it."
    return sentence


def against(problems: Mapping[str, Sequence[Problem]], most: int) -> str:
    """What stands against each provider, a line each, in at most so many characters together."""
    each = most // max(1, len(problems)) - 1
    lines = [f"- **{label}**: {'; '.join(map(reason, found))}." for label, found in problems.items()]
    return "\n".join(line if len(line) <= each else f"{line[: each - 1]}…" for line in lines)


def facts(ask: Ask, seen: Seen) -> list[str]:
    """What was found in the files, a line each."""
    lines = [f"🎬 {', '.join(_of_video(seen.video, ask.video.name))}"]
    if ask.audio and seen.audio:
        lines.append(f"🎙️ {', '.join(_of_sound(seen.audio, ask.audio.name))}")
    return lines


def _of_video(found: MediaFacts, name: str) -> list[str]:
    told = [f"{found.seconds:.1f} s", f"{found.width}×{found.height}", _kind(found, found.video_codec, name)]
    if found.frames_per_second:
        told.append(f"{found.frames_per_second:.3g} pictures a second")
    return told if found.has_sound else [*told, "no sound"]


def _of_sound(found: MediaFacts, name: str) -> list[str]:
    return [f"{found.sound_seconds or found.seconds:.1f} s", _kind(found, found.audio_codec, name)]


def _kind(found: MediaFacts, codec: str, name: str) -> str:
    ending = PurePath(name).suffix.lower().removeprefix(".")
    container = ending if ending in found.formats else listed(sorted(found.formats), "or")
    return f"{container} ({codec})" if codec else container
