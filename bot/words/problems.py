"""What stands between an ask and a provider, in words that follow the provider's name."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.fixes import Problem, ProblemCode
from bot.words.english import listed

SENTENCES: Mapping[ProblemCode, str] = {
    "no_recordings": "it can't use a recording",
    "no_texts": "it can't speak a text",
    "empty": "the {part} is empty",
    "too_large": "it takes {most:g} MB, and the {part} has {size:.1f} MB",
    "link_ends": "the {part}'s link ends too soon, and through this thread I can hand over {most:.1f} MB",
    "wrong_format": "it takes {formats} files, and the {part} is a .{ending} file",
    "no_ending": "it takes {formats} files, and the {part} has no file ending",
    "misnamed": "the {part} is named .{ending} and is really {formats}",
    "no_picture": "the clip has no picture",
    "wrong_sides": "it takes sides of {smallest} to {largest} pixels, and the clip has {width}×{height}",
    "turned": "the clip is stored on its side",
    "wrong_codec": "it takes {codecs}, and the clip is {codec}",
    "deep": "the clip is HDR, or has more than 8 bits per colour",
    "too_much_work": "the clip's {pictures:.0f} pictures of {width}×{height} are too much for me to change",
    "too_many_pictures": "it takes {most:g} pictures a second, and the clip has {rate:.0f}",
    "wrong_length": "it takes clips of {shortest:g} to {longest:g} s, and this one has {seconds:.1f} s",
    "wrong_part": "it takes {shortest:g} to {longest:g} s, and the part that you chose has {seconds:.1f} s",
    "part_too_late": "the part that you chose ends after the clip, which has {seconds:.1f} s",
    "too_short_for_text": "the clip has {seconds:.1f} s, too little to be repeated under a text of that length",
    "no_volumes": "it can't set volumes",
    "no_sound": "the recording has no sound",
    "is_video": "the recording is a video, of which I take the sound",
    "is_encoded": "the recording is {codec}",
    "wrong_recording_length": "it takes recordings of {shortest:g} to {longest:g} s, and this one has {seconds:.1f} s",
    "longer_than_clip": "the recording has {seconds:.1f} s, and {kept:.1f} s of it fit the clip",
    "wrong_speed": "it speaks at speeds from {slowest:g} to {fastest:g}, not {speed:g}",
    "no_such_voice": "it has no voice “{voice}”; the voice field of `/lipsync text` shows those it has",
    "no_voice": "no voice was chosen; the voice field of `/lipsync text` shows those it has",
    "several_voices": "several of its voices are called that: {voices}",
    "too_many_letters": "it speaks at most {most} characters at once, and this text has {length}",
    "too_long_to_say": "it speaks {most:g} s at once, and this text takes about {seconds:.0f} s",
    "too_many_parts_of_letters": (
        "it speaks at most {most} characters at once, and this text has {length}, which would take {count} parts"
    ),
    "too_many_parts_to_say": (
        "it speaks {most:g} s at once, and this text takes about {seconds:.0f} s, which would take {count} parts"
    ),
    "too_little_speech": "it needs at least {seconds:g} s of speech, about {letters} letters",
}
_PARTS: Mapping[object, str] = {"video": "clip", "audio": "recording"}


def reason(problem: Problem) -> str:
    """What is the matter, without a full stop."""
    return SENTENCES[problem.code].format(**{name: _told(name, fact) for name, fact in problem.facts.items()})


def _told(name: str, fact: object) -> object:
    if name == "part":
        return _PARTS[fact]
    if isinstance(fact, frozenset):
        return listed(sorted(fact), "or")
    return listed(fact, "or") if isinstance(fact, list) else fact
