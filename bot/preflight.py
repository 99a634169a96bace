"""What can be known before any money moves: does the wish fit what a provider takes? Every reason why not, at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath

from bot.ask import Ask
from bot.media.probe import Facts
from bot.providers.base import Provider
from bot.providers.flows import Flow, Limits
from bot.providers.request import Media, Part, Request
from bot.voices import Voice, called

MEGABYTE = 2**20
LETTERS_PER_SECOND = {"zh": 4.5, "yue": 4.5, "ja": 7.0, "ko": 6.0}  # spoken at speed 1; a little fast, to be safe
OTHER_LETTERS_PER_SECOND = 14.0
TOLERANCE = 0.05  # seconds by which a clip's stated length may be off


@dataclass(frozen=True, slots=True)
class Seen:
    """What the attached files really hold."""

    video: Facts
    audio: Facts | None


def fit(ask: Ask, provider: Provider, seen: Seen | None = None) -> Request | list[str]:
    """The request in the form of the first of the provider's flows that it fits, or the reasons why it fits none.

    Without `seen`, only what Discord claims of the files is checked: enough to refuse early, never enough to trust.
    """
    flows = [flow for flow in provider.flows if flow.mode == ask.mode]
    if not flows:
        return ["it can't use a recording" if ask.audio else "it can't speak a text"]
    voices = called(provider.voices.values(), ask.voice or "") if ask.mode == "text" else []
    found = [(list(_reasons(ask, provider, flow, voices, seen)), flow) for flow in flows]
    reasons, flow = min(found, key=lambda each: len(each[0]))
    if reasons:
        return reasons
    return Request(
        flow=flow.name,
        mode=ask.mode,
        video=ask.video,
        audio=ask.audio,
        text=(ask.text or "").strip() if ask.mode == "text" else None,
        voice=voices[0].key if voices else None,
        speed=ask.speed,
        volume=1.0 if ask.volume is None else ask.volume,
        own_volume=ask.own_volume or 0.0,
    )


def looked(ask: Ask, seen: Seen, *, lasting: tuple[bool, bool]) -> Ask:
    """The wish with what was measured; `lasting` says whether the addresses of clip and recording will work long
    enough for a provider.
    """
    video = _measured(ask.video, seen.video, lasting=lasting[0])
    audio = ask.audio
    if audio and seen.audio:
        audio = _measured(audio, seen.audio, lasting=lasting[1])
    return replace(ask, video=video, audio=audio)


def _measured(media: Media, facts: Facts, *, lasting: bool) -> Media:
    return media.model_copy(update={"seconds": facts.seconds, "digest": facts.digest, "reachable": lasting})


def _reasons(ask: Ask, provider: Provider, flow: Flow, voices: list[Voice], seen: Seen | None) -> Iterator[str]:
    limits = flow.limits
    yield from _file_reasons("clip", ask.video, limits.containers, limits.video_bytes, seen.video if seen else None)
    yield from _reach_reasons("video", ask.video, provider)
    if seen:
        yield from _clip_reasons(seen.video, limits)
    if ask.audio:
        yield from _recording_reasons(ask, ask.audio, limits, seen)
        yield from _reach_reasons("audio", ask.audio, provider)
    else:
        yield from _text_reasons(ask, limits, voices)


def _file_reasons(
    kind: str, file: Media, formats: frozenset[str], most_bytes: int, facts: Facts | None
) -> Iterator[str]:
    ending = PurePath(file.name).suffix.lower().removeprefix(".")
    takes = listed(sorted(formats), "or")
    if ending not in formats:
        is_one = f"is a .{ending[:10]} file" if ending else "has no file ending"
        yield f"it takes {takes} files, and the {kind} {is_one}"
    elif facts and ending not in facts.formats:
        yield f"the {kind} is named .{ending} and is really {listed(sorted(facts.formats), 'or')}"
    if file.size == 0:
        yield f"the {kind} is empty"
    if file.size > most_bytes:
        yield f"it takes at most {most_bytes / MEGABYTE:g} MB, and the {kind} has {file.size / MEGABYTE:.1f} MB"


def _clip_reasons(facts: Facts, limits: Limits) -> Iterator[str]:
    if not facts.width:
        yield "the clip has no picture"
        return
    shortest, longest = limits.video_seconds
    if not shortest - TOLERANCE <= facts.seconds <= longest + TOLERANCE:
        yield f"it takes clips of {shortest:g} to {longest:g} s, and this one has {facts.seconds:.1f} s"
    smallest, largest = limits.sides
    if not smallest <= min(facts.width, facts.height) <= max(facts.width, facts.height) <= largest:
        yield f"it takes sides of {smallest} to {largest} pixels, and the clip has {facts.width}×{facts.height}"


def _recording_reasons(ask: Ask, audio: Media, limits: Limits, seen: Seen | None) -> Iterator[str]:
    facts = seen.audio if seen else None
    yield from _file_reasons("recording", audio, limits.audio_formats, limits.audio_bytes, facts)
    if facts and not facts.has_sound:
        yield "the recording has no sound"
    elif facts:
        shortest, longest = limits.audio_seconds
        if not shortest - TOLERANCE <= facts.seconds <= longest + TOLERANCE:
            yield f"it takes recordings of {shortest:g} to {longest:g} s, and this one has {facts.seconds:.1f} s"
    if not limits.mixes and not (ask.volume is None and ask.own_volume is None):
        yield "it can't set volumes"


def _text_reasons(ask: Ask, limits: Limits, voices: list[Voice]) -> Iterator[str]:
    length = len((ask.text or "").strip())
    if length > limits.text_chars:
        yield f"it speaks at most {limits.text_chars} characters, and this text has {length}"
    slowest, fastest = limits.speeds
    if not slowest <= ask.speed <= fastest:
        yield f"it speaks at speeds from {slowest:g} to {fastest:g}, not {ask.speed:g}"
    if not voices:
        yield f"it has no voice “{(ask.voice or '')[:50]}”: start typing a name in the voice field and pick one"
    elif len(voices) > 1:
        yield f"several of its voices are called that: {listed([voice.title for voice in voices[:5]], 'or')}"
    elif length < (fewest := _fewest_letters(limits, voices[0], ask.speed)):
        yield f"it needs at least {limits.speech_seconds:g} s of speech, about {fewest} letters"


def _fewest_letters(limits: Limits, voice: Voice, speed: float) -> int:
    pace = LETTERS_PER_SECOND.get(voice.language, OTHER_LETTERS_PER_SECOND)
    return round(limits.speech_seconds * pace * speed)


def _reach_reasons(part: Part, file: Media, provider: Provider) -> Iterator[str]:
    if not file.reachable and part not in provider.uploads:
        yield "it fetches files itself, and the link to this one ends too soon: attach it again"


def listed(names: list[str], last: str = "and") -> str:
    """Names as people write them: `a`, `a and b`, `a, b and c`."""
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "nothing"
