"""What stands between a wish and a flow of a provider, in people's words, each with the fix that there is for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from bot.domain.edits import MOST_REPEATS
from bot.domain.fixes import Fix, Fixes, Misfit
from bot.domain.flows import FlowLimits
from bot.domain.media_facts import MediaFacts
from bot.domain.request import Media, Part
from bot.domain.voices import Voice
from bot.preflight.edits import Way, part_of_clip, sound_seconds, texts
from bot.preflight.text_split import pace, seconds_of
from bot.words.english import listed

MEGABYTE = 2**20
TOLERANCE = 0.05  # seconds by which a stated length may be off
MOST_SECTIONS = 10
COMPRESSED = {"mp3", "aac"}  # what audio files hold that providers take, beside plain samples


def of(way: Way, voices: list[Voice], clip: MediaFacts | None, sound: MediaFacts | None) -> Iterator[Misfit]:
    """Everything that doesn't fit. Facts are None before the files were looked into."""
    is_long = way.flow.mode == "text" and len(_parts(way, voices)) > 1
    yield from _of_file(way, "video", clip)
    if clip:
        yield from _of_clip(clip, way.limits)
        yield from _of_sections(clip, way) if is_long else _of_length(clip, way)
    if way.ask.audio:
        yield from _of_recording(way, clip, sound)
    else:
        yield from _of_text(way, voices)


def _of_file(way: Way, part: Part, facts: MediaFacts | None) -> Iterator[Misfit]:
    file, limits = _file(way, part), way.limits
    is_clip = part == "video"
    kind, fix = ("clip", "convert") if is_clip else ("recording", "recode")
    formats, most = (limits.containers, limits.video_bytes) if is_clip else (limits.audio_formats, limits.audio_bytes)
    yield from _of_format(file, kind, formats, facts, fix)  # type: ignore[arg-type]
    if file.size == 0:
        yield Misfit(f"the {kind} is empty")
    if file.size > most:
        yield Misfit(f"it takes {most / MEGABYTE:g} MB, and the {kind} has {file.size / MEGABYTE:.1f} MB", fix)  # type: ignore[arg-type]
    elif not file.reachable and part not in way.provider.uploads and file.size > way.ask.place.file_bytes:
        most = way.ask.place.file_bytes
        yield Misfit(
            f"the {kind}'s link ends too soon, and through this thread I can hand over {most / MEGABYTE:.1f} MB",
            fix,  # type: ignore[arg-type]
        )


def _file(way: Way, part: Part) -> Media:
    return way.ask.audio if part == "audio" and way.ask.audio else way.ask.video


def _of_format(file: Media, kind: str, formats: frozenset[str], facts: MediaFacts | None, fix: Fix) -> Iterator[Misfit]:
    ending = PurePath(file.name).suffix.lower().removeprefix(".")
    takes = listed(sorted(formats), "or")
    if ending not in formats:
        is_one = f"is a .{ending[:10]} file" if ending else "has no file ending"
        yield Misfit(f"it takes {takes} files, and the {kind} {is_one}", fix)
    elif facts and ending not in facts.formats:
        really = listed(sorted(facts.formats), "or")
        yield Misfit(f"the {kind} is named .{ending} and is really {really}", fix)


def _of_clip(facts: MediaFacts, limits: FlowLimits) -> Iterator[Misfit]:
    if not facts.width:
        yield Misfit("the clip has no picture")
        return
    smallest, largest = limits.sides
    if not smallest <= min(facts.width, facts.height) <= max(facts.width, facts.height) <= largest:
        sides = f"{facts.width}×{facts.height}"
        yield Misfit(f"it takes sides of {smallest} to {largest} pixels, and the clip has {sides}", "scale")
    if facts.turned:
        yield Misfit("the clip is stored on its side", "turn")
    if facts.video_codec and facts.video_codec not in limits.video_codecs:
        yield Misfit(
            f"it takes {listed(sorted(limits.video_codecs), 'or')}, and the clip is {facts.video_codec}", "convert"
        )
    elif facts.deep:
        yield Misfit("the clip is HDR, or has more than 8 bits per colour", "convert")
    if facts.frames_per_second > limits.frames_per_second + 1:
        rate = f"{facts.frames_per_second:.0f}"
        yield Misfit(f"it takes {limits.frames_per_second:g} pictures a second, and the clip has {rate}", "convert")


def _of_length(facts: MediaFacts, way: Way) -> Iterator[Misfit]:
    if not facts.width:
        return
    shortest, longest = way.limits.video_seconds
    words = f"it takes clips of {shortest:g} to {longest:g} s, and this one has {facts.seconds:.1f} s"
    part = way.ask.fixes.part if way.ask.fixes else None
    if part and not shortest <= part[1] <= longest:
        yield Misfit(f"it takes {shortest:g} to {longest:g} s, and the part that you chose has {part[1]:.1f} s")
    elif part and part[0] + part[1] > facts.seconds + TOLERANCE:
        yield Misfit(f"the part that you chose ends after the clip, which has {facts.seconds:.1f} s")
    elif facts.seconds > longest + TOLERANCE:
        yield Misfit(words, "trim")
    elif facts.seconds < shortest - TOLERANCE:
        yield Misfit(words, "repeat" if shortest <= MOST_REPEATS * facts.seconds else None)


def _of_sections(facts: MediaFacts, way: Way) -> Iterator[Misfit]:
    if facts.width and way.limits.video_seconds[1] > MOST_REPEATS * facts.seconds:
        yield Misfit(f"the clip has {facts.seconds:.1f} s, too little to be repeated under a text of that length")


def _of_recording(way: Way, clip: MediaFacts | None, facts: MediaFacts | None) -> Iterator[Misfit]:
    yield from _of_file(way, "audio", facts)
    if not way.limits.mixes and not (way.ask.volume is None and way.ask.own_volume is None):
        yield Misfit("it can't set volumes")
    if not facts or not clip:
        return
    if not facts.has_sound:
        yield Misfit("the recording has no sound")
        return
    codec = facts.audio_codec
    if facts.width and codec:
        yield Misfit("the recording is a video, of which I take the sound", "recode")
    elif codec and codec not in COMPRESSED and not codec.startswith("pcm_"):
        yield Misfit(f"the recording is {codec}", "recode")
    yield from _of_sound_length(way, clip, facts)


def _of_sound_length(way: Way, clip: MediaFacts, facts: MediaFacts) -> Iterator[Misfit]:
    shortest, longest = way.limits.audio_seconds
    own = facts.sound_seconds or facts.seconds
    _, clip_seconds = part_of_clip(clip, way.limits, way.ask.fixes or Fixes())
    kept = sound_seconds(way, facts, clip_seconds)
    words = f"it takes recordings of {shortest:g} to {longest:g} s, and this one has {own:.1f} s"
    if own < shortest - TOLERANCE:
        yield Misfit(words, "lengthen")
    elif own > longest + TOLERANCE:
        yield Misfit(words, "cut")
    elif own > kept + TOLERANCE:
        yield Misfit(f"the recording has {own:.1f} s, and {kept:.1f} s of it fit the clip", "cut")


def _of_text(way: Way, voices: list[Voice]) -> Iterator[Misfit]:
    limits, ask = way.limits, way.ask
    length = len((ask.text or "").strip())
    slowest, fastest = limits.speeds
    if not slowest <= ask.speed <= fastest:
        yield Misfit(f"it speaks at speeds from {slowest:g} to {fastest:g}, not {ask.speed:g}")
    if not voices:
        which = f"it has no voice “{ask.voice[:50]}”" if ask.voice else "no voice was chosen"
        yield Misfit(f"{which}; the voice field of `/lipsync text` shows those it has")
    elif len(voices) > 1:
        names = listed([voice.title for voice in voices[:5]], "or")
        yield Misfit(f"several of its voices are called that: {names}")
    if (count := len(_parts(way, voices))) > 1:
        words = f"it speaks at most {limits.text_chars} characters at once, and this text has {length}"
        if length <= limits.text_chars and voices:
            seconds = seconds_of(ask.text or "", voices[0].language, ask.speed)
            words = f"it speaks {limits.video_seconds[1]:g} s at once, and this text takes about {seconds:.0f} s"
        yield Misfit(words, "split") if count <= MOST_SECTIONS else Misfit(f"{words}, which would take {count} parts")
    elif len(voices) == 1 and length < (fewest := round(limits.speech_seconds * pace(voices[0].language, ask.speed))):
        yield Misfit(f"it needs at least {limits.speech_seconds:g} s of speech, about {fewest} letters")


def _parts(way: Way, voices: list[Voice]) -> list[str]:
    return texts(way, voices[0].language if voices else "")
