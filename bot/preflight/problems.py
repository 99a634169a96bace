"""What stands between an ask and a flow of a provider, in people's words, each with the fix that there is for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from bot.domain.edits import MOST_REPEATS
from bot.domain.fixes import Fix, Fixes, Problem
from bot.domain.flows import FlowLimits
from bot.domain.media_facts import MediaFacts
from bot.domain.request import Media, Part
from bot.domain.voices import Voice
from bot.preflight.edits import Attempt, part_of_clip, sound_seconds, texts
from bot.preflight.text_split import pace, seconds_of
from bot.words.english import listed

MEGABYTE = 2**20
TOLERANCE = 0.05  # seconds by which a stated length may be off
MOST_SECTIONS = 10
COMPRESSED = {"mp3", "aac"}  # what audio files hold that providers take, beside plain samples


def problems_of(
    attempt: Attempt, voices: list[Voice], clip: MediaFacts | None, sound: MediaFacts | None
) -> Iterator[Problem]:
    """Everything that doesn't fit. Facts are None before the files were looked into."""
    is_long = attempt.flow.mode == "text" and len(_parts(attempt, voices)) > 1
    yield from _of_file(attempt, "video", clip)
    if clip:
        yield from _of_clip(clip, attempt.limits)
        yield from _of_sections(clip, attempt) if is_long else _of_length(clip, attempt)
    if attempt.ask.audio:
        yield from _of_recording(attempt, clip, sound)
    else:
        yield from _of_text(attempt, voices)


def _of_file(attempt: Attempt, part: Part, facts: MediaFacts | None) -> Iterator[Problem]:
    file, limits = _file(attempt, part), attempt.limits
    is_clip = part == "video"
    kind, fix = ("clip", "convert") if is_clip else ("recording", "recode")
    formats, most = (limits.containers, limits.video_bytes) if is_clip else (limits.audio_formats, limits.audio_bytes)
    yield from _of_format(file, kind, formats, facts, fix)  # type: ignore[arg-type]
    if file.size == 0:
        yield Problem(f"the {kind} is empty")
    if file.size > most:
        yield Problem(f"it takes {most / MEGABYTE:g} MB, and the {kind} has {file.size / MEGABYTE:.1f} MB", fix)  # type: ignore[arg-type]
    elif not file.reachable and part not in attempt.provider.uploads and file.size > attempt.ask.place.file_bytes:
        most = attempt.ask.place.file_bytes
        yield Problem(
            f"the {kind}'s link ends too soon, and through this thread I can hand over {most / MEGABYTE:.1f} MB",
            fix,  # type: ignore[arg-type]
        )


def _file(attempt: Attempt, part: Part) -> Media:
    return attempt.ask.audio if part == "audio" and attempt.ask.audio else attempt.ask.video


def _of_format(
    file: Media, kind: str, formats: frozenset[str], facts: MediaFacts | None, fix: Fix
) -> Iterator[Problem]:
    ending = PurePath(file.name).suffix.lower().removeprefix(".")
    takes = listed(sorted(formats), "or")
    if ending not in formats:
        is_one = f"is a .{ending[:10]} file" if ending else "has no file ending"
        yield Problem(f"it takes {takes} files, and the {kind} {is_one}", fix)
    elif facts and ending not in facts.formats:
        really = listed(sorted(facts.formats), "or")
        yield Problem(f"the {kind} is named .{ending} and is really {really}", fix)


def _of_clip(facts: MediaFacts, limits: FlowLimits) -> Iterator[Problem]:
    if not facts.width:
        yield Problem("the clip has no picture")
        return
    smallest, largest = limits.sides
    if not smallest <= min(facts.width, facts.height) <= max(facts.width, facts.height) <= largest:
        sides = f"{facts.width}×{facts.height}"
        yield Problem(f"it takes sides of {smallest} to {largest} pixels, and the clip has {sides}", "scale")
    if facts.turned:
        yield Problem("the clip is stored on its side", "turn")
    if facts.video_codec and facts.video_codec not in limits.video_codecs:
        yield Problem(
            f"it takes {listed(sorted(limits.video_codecs), 'or')}, and the clip is {facts.video_codec}", "convert"
        )
    elif facts.deep:
        yield Problem("the clip is HDR, or has more than 8 bits per colour", "convert")
    if facts.frames_per_second > limits.frames_per_second + 1:
        rate = f"{facts.frames_per_second:.0f}"
        yield Problem(f"it takes {limits.frames_per_second:g} pictures a second, and the clip has {rate}", "convert")


def _of_length(facts: MediaFacts, attempt: Attempt) -> Iterator[Problem]:
    if not facts.width:
        return
    shortest, longest = attempt.limits.video_seconds
    words = f"it takes clips of {shortest:g} to {longest:g} s, and this one has {facts.seconds:.1f} s"
    part = attempt.ask.fixes.part if attempt.ask.fixes else None
    if part and not shortest <= part[1] <= longest:
        yield Problem(f"it takes {shortest:g} to {longest:g} s, and the part that you chose has {part[1]:.1f} s")
    elif part and part[0] + part[1] > facts.seconds + TOLERANCE:
        yield Problem(f"the part that you chose ends after the clip, which has {facts.seconds:.1f} s")
    elif facts.seconds > longest + TOLERANCE:
        yield Problem(words, "trim")
    elif facts.seconds < shortest - TOLERANCE:
        yield Problem(words, "repeat" if shortest <= MOST_REPEATS * facts.seconds else None)


def _of_sections(facts: MediaFacts, attempt: Attempt) -> Iterator[Problem]:
    if facts.width and attempt.limits.video_seconds[1] > MOST_REPEATS * facts.seconds:
        yield Problem(f"the clip has {facts.seconds:.1f} s, too little to be repeated under a text of that length")


def _of_recording(attempt: Attempt, clip: MediaFacts | None, facts: MediaFacts | None) -> Iterator[Problem]:
    yield from _of_file(attempt, "audio", facts)
    if not attempt.limits.mixes and not (attempt.ask.volume is None and attempt.ask.own_volume is None):
        yield Problem("it can't set volumes")
    if not facts or not clip:
        return
    if not facts.has_sound:
        yield Problem("the recording has no sound")
        return
    codec = facts.audio_codec
    if facts.width and codec:
        yield Problem("the recording is a video, of which I take the sound", "recode")
    elif codec and codec not in COMPRESSED and not codec.startswith("pcm_"):
        yield Problem(f"the recording is {codec}", "recode")
    yield from _of_sound_length(attempt, clip, facts)


def _of_sound_length(attempt: Attempt, clip: MediaFacts, facts: MediaFacts) -> Iterator[Problem]:
    shortest, longest = attempt.limits.audio_seconds
    own = facts.sound_seconds or facts.seconds
    _, clip_seconds = part_of_clip(clip, attempt.limits, attempt.ask.fixes or Fixes())
    kept = sound_seconds(attempt, facts, clip_seconds)
    words = f"it takes recordings of {shortest:g} to {longest:g} s, and this one has {own:.1f} s"
    if own < shortest - TOLERANCE:
        yield Problem(words, "lengthen")
    elif own > longest + TOLERANCE:
        yield Problem(words, "cut")
    elif own > kept + TOLERANCE:
        yield Problem(f"the recording has {own:.1f} s, and {kept:.1f} s of it fit the clip", "cut")


def _of_text(attempt: Attempt, voices: list[Voice]) -> Iterator[Problem]:
    limits, ask = attempt.limits, attempt.ask
    length = len((ask.text or "").strip())
    slowest, fastest = limits.speeds
    if not slowest <= ask.speed <= fastest:
        yield Problem(f"it speaks at speeds from {slowest:g} to {fastest:g}, not {ask.speed:g}")
    if not voices:
        which = f"it has no voice “{ask.voice[:50]}”" if ask.voice else "no voice was chosen"
        yield Problem(f"{which}; the voice field of `/lipsync text` shows those it has")
    elif len(voices) > 1:
        names = listed([voice.title for voice in voices[:5]], "or")
        yield Problem(f"several of its voices are called that: {names}")
    if (count := len(_parts(attempt, voices))) > 1:
        words = f"it speaks at most {limits.text_chars} characters at once, and this text has {length}"
        if length <= limits.text_chars and voices:
            seconds = seconds_of(ask.text or "", voices[0].language, ask.speed)
            words = f"it speaks {limits.video_seconds[1]:g} s at once, and this text takes about {seconds:.0f} s"
        yield Problem(words, "split") if count <= MOST_SECTIONS else Problem(f"{words}, which would take {count} parts")
    elif len(voices) == 1 and length < (fewest := round(limits.speech_seconds * pace(voices[0].language, ask.speed))):
        yield Problem(f"it needs at least {limits.speech_seconds:g} s of speech, about {fewest} letters")


def _parts(attempt: Attempt, voices: list[Voice]) -> list[str]:
    return texts(attempt, voices[0].language if voices else "")
