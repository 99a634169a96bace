"""What stands between an ask and a flow of a provider, as codes and facts, each with the fix that there is for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from bot.domain.edits import MOST_REPEATS
from bot.domain.fixes import OF_CLIP, Fix, Fixes, Problem
from bot.domain.flows import FlowLimits
from bot.domain.media_facts import MOST_WORK, MediaFacts
from bot.domain.request import Media, Part
from bot.domain.voices import Voice
from bot.preflight.edits import Attempt, part_of_clip, sound_seconds, texts
from bot.preflight.text_split import pace, seconds_of

MEGABYTE = 2**20
TOLERANCE = 0.05  # seconds by which a stated length may be off
MOST_SECTIONS = 10
COMPRESSED = {"mp3", "aac"}  # what audio files hold that providers take, beside plain samples


def problems_of(
    attempt: Attempt, voices: list[Voice], clip: MediaFacts | None, sound: MediaFacts | None
) -> Iterator[Problem]:
    """Everything that doesn't fit. Facts are None before the files were looked into."""
    count = 1 if attempt.ask.audio else len(texts(attempt, voices[0].language if voices else ""))
    of_clip = list(_of_file(attempt, "video", clip))
    if clip:
        of_clip += _of_clip(clip, attempt.limits)
        of_clip += _of_sections(clip, attempt) if count > 1 else _of_length(clip, attempt)
        of_clip += _of_work(clip, of_clip, is_long=count > 1)
    yield from of_clip
    if attempt.ask.audio:
        yield from _of_recording(attempt, clip, sound)
    else:
        yield from _of_text(attempt, voices, count)


def _of_file(attempt: Attempt, part: Part, facts: MediaFacts | None) -> Iterator[Problem]:
    file, limits = _file(attempt, part), attempt.limits
    is_clip = part == "video"
    fix: Fix = "convert" if is_clip else "recode"
    formats, most = (limits.containers, limits.video_bytes) if is_clip else (limits.audio_formats, limits.audio_bytes)
    yield from _of_format(file, part, formats, facts, fix)
    if file.size == 0:
        yield Problem("empty", {"part": part})
    if file.size > most:
        yield Problem("too_large", {"part": part, "most": most / MEGABYTE, "size": file.size / MEGABYTE}, fix)
    elif not file.reachable and part not in attempt.provider.uploads and file.size > attempt.ask.place.file_bytes:
        yield Problem("link_ends", {"part": part, "most": attempt.ask.place.file_bytes / MEGABYTE}, fix)


def _file(attempt: Attempt, part: Part) -> Media:
    return attempt.ask.audio if part == "audio" and attempt.ask.audio else attempt.ask.video


def _of_format(
    file: Media, part: Part, formats: frozenset[str], facts: MediaFacts | None, fix: Fix
) -> Iterator[Problem]:
    ending = PurePath(file.name).suffix.lower().removeprefix(".")
    if not ending:
        yield Problem("no_ending", {"part": part, "formats": formats}, fix)
    elif ending not in formats:
        yield Problem("wrong_format", {"part": part, "formats": formats, "ending": ending[:10]}, fix)
    elif facts and ending not in facts.formats:
        yield Problem("misnamed", {"part": part, "ending": ending, "formats": facts.formats}, fix)


def _of_clip(facts: MediaFacts, limits: FlowLimits) -> Iterator[Problem]:
    if not facts.width:
        yield Problem("no_picture")
        return
    smallest, largest = limits.sides
    if not smallest <= min(facts.width, facts.height) <= max(facts.width, facts.height) <= largest:
        found = {"smallest": smallest, "largest": largest, "width": facts.width, "height": facts.height}
        yield Problem("wrong_sides", found, "scale")
    if facts.turned:
        yield Problem("turned", fix="turn")
    if facts.video_codec and facts.video_codec not in limits.video_codecs:
        yield Problem("wrong_codec", {"codecs": limits.video_codecs, "codec": facts.video_codec}, "convert")
    elif facts.deep:
        yield Problem("deep", fix="convert")
    if facts.frames_per_second > limits.frames_per_second + 1:
        rates = {"most": limits.frames_per_second, "rate": facts.frames_per_second}
        yield Problem("too_many_pictures", rates, "convert")


def _of_work(clip: MediaFacts, problems: Sequence[Problem], *, is_long: bool) -> Iterator[Problem]:
    """What has to be changed must not hold the editor for minutes, however small its file is."""
    if clip.work > MOST_WORK and (is_long or any(problem.fix in OF_CLIP for problem in problems)):
        pictures = clip.frames_per_second * clip.seconds
        yield Problem("too_much_work", {"pictures": pictures, "width": clip.width, "height": clip.height})


def _of_length(facts: MediaFacts, attempt: Attempt) -> Iterator[Problem]:
    if not facts.width:
        return
    shortest, longest = attempt.limits.video_seconds
    found = {"shortest": shortest, "longest": longest, "seconds": facts.seconds}
    part = attempt.ask.fixes.part if attempt.ask.fixes else None
    if part and not shortest <= part[1] <= longest:
        yield Problem("wrong_part", {**found, "seconds": part[1]})
    elif part and part[0] + part[1] > facts.seconds + TOLERANCE:
        yield Problem("part_too_late", {"seconds": facts.seconds})
    elif facts.seconds > longest + TOLERANCE:
        yield Problem("wrong_length", found, "trim")
    elif facts.seconds < shortest - TOLERANCE:
        yield Problem("wrong_length", found, "repeat" if shortest <= MOST_REPEATS * facts.seconds else None)


def _of_sections(facts: MediaFacts, attempt: Attempt) -> Iterator[Problem]:
    if facts.width and attempt.limits.video_seconds[1] > MOST_REPEATS * facts.seconds:
        yield Problem("too_short_for_text", {"seconds": facts.seconds})


def _of_recording(attempt: Attempt, clip: MediaFacts | None, facts: MediaFacts | None) -> Iterator[Problem]:
    yield from _of_file(attempt, "audio", facts)
    if not attempt.limits.mixes and not (attempt.ask.volume is None and attempt.ask.own_volume is None):
        yield Problem("no_volumes")
    if not facts or not clip:
        return
    if not facts.has_sound:
        yield Problem("no_sound")
        return
    codec = facts.audio_codec
    if facts.width and codec:
        yield Problem("is_video", fix="recode")
    elif codec and codec not in COMPRESSED and not codec.startswith("pcm_"):
        yield Problem("is_encoded", {"codec": codec}, "recode")
    yield from _of_sound_length(attempt, clip, facts)


def _of_sound_length(attempt: Attempt, clip: MediaFacts, facts: MediaFacts) -> Iterator[Problem]:
    shortest, longest = attempt.limits.audio_seconds
    own = facts.sound_seconds or facts.seconds
    _, clip_seconds = part_of_clip(clip, attempt.limits, attempt.ask.fixes or Fixes())
    kept = sound_seconds(attempt, facts, clip_seconds)
    found = {"shortest": shortest, "longest": longest, "seconds": own}
    if own < shortest - TOLERANCE:
        yield Problem("wrong_recording_length", found, "lengthen")
    elif own > longest + TOLERANCE:
        yield Problem("wrong_recording_length", found, "cut")
    elif own > kept + TOLERANCE:
        yield Problem("longer_than_clip", {"seconds": own, "kept": kept}, "cut")


def _of_text(attempt: Attempt, voices: list[Voice], count: int) -> Iterator[Problem]:
    """What is wrong with a text that would be spoken in so many parts."""
    limits, ask = attempt.limits, attempt.ask
    slowest, fastest = limits.speeds
    if not slowest <= ask.speed <= fastest:
        yield Problem("wrong_speed", {"slowest": slowest, "fastest": fastest, "speed": ask.speed})
    if not voices:
        yield Problem("no_such_voice", {"voice": ask.voice[:50]}) if ask.voice else Problem("no_voice")
    elif len(voices) > 1:
        yield Problem("several_voices", {"voices": [voice.title for voice in voices[:5]]})
    if count > 1:
        yield _of_text_length(attempt, voices, count)
    elif len(voices) == 1:
        fewest = round(limits.speech_seconds * pace(voices[0].language, ask.speed))
        if len((ask.text or "").strip()) < fewest:
            yield Problem("too_little_speech", {"seconds": limits.speech_seconds, "letters": fewest})


def _of_text_length(attempt: Attempt, voices: list[Voice], count: int) -> Problem:
    """A text that has to be spoken in so many parts."""
    limits, ask = attempt.limits, attempt.ask
    length = len((ask.text or "").strip())
    if length <= limits.text_chars and voices:
        seconds = seconds_of(ask.text or "", voices[0].language, ask.speed)
        said = {"most": limits.video_seconds[1], "seconds": seconds}
        if count > MOST_SECTIONS:
            return Problem("too_many_parts_to_say", {**said, "count": count})
        return Problem("too_long_to_say", said, "split")
    letters = {"most": limits.text_chars, "length": length}
    if count > MOST_SECTIONS:
        return Problem("too_many_parts_of_letters", {**letters, "count": count})
    return Problem("too_many_letters", letters, "split")
