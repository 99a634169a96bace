"""The words of the message that ends a job, with its video or without. No Discord here, as in `bot.words.job_card`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.job import Job
from bot.domain.media_facts import MediaFacts
from bot.domain.request import Request
from bot.domain.results import Smaller
from bot.domain.voices import catalogue
from bot.providers.base import Provider
from bot.words.english import day, megabytes, quoted
from bot.words.job_card import outcome

NO_SOUND = "It came back without sound."
NOT_PUT_BACK = "I couldn't put it back into the whole clip, so this is the changed part alone."
CREDENTIALS_LOST = "Its content credentials got lost when its parts were put together."
UNKNOWN_SERVER = "the server where you asked"
OFF_SECONDS, OFF_SHARE = 1.0, 0.1  # a length that is off by more than both is told
PREPARED_FILE = "-# A prepared file, so that the provider can fetch it. I take it away when the video is done."


def odd(facts: MediaFacts, request: Request, *, is_alone: bool) -> tuple[str, ...]:
    """What of a finished video is not as it should be; `is_alone`: the rest of the clip is not around it."""
    found = [] if facts.has_sound else [NO_SOUND]
    wanted = request.whole_seconds or request.video.seconds
    if is_alone:
        found.append(NOT_PUT_BACK)
    elif wanted and abs(facts.seconds - wanted) > max(OFF_SECONDS, OFF_SHARE * wanted):
        found.append(other_length(facts.seconds, wanted))
    return tuple(found)


def other_length(seconds: float, wanted: float) -> str:
    """It is shorter or longer than it should be."""
    return f"It came back {seconds:.1f} s long instead of {wanted:.1f} s."


def delivery(job: Job, smaller: Smaller | None = None, odd: Sequence[str] = (), *, server: str | None = None) -> str:
    """The message under a finished video. It pings the requester, once.

    `odd`: what is not as it should be; `server`: its name, in a direct message.
    """
    lines = [f"<@{job.member_id}> your video is ready."]
    if server:
        lines[0] += f" I couldn't post it in **{quoted(server)}**, so here it is."
    return "\n".join([*lines, *_attached(job, smaller, direct=server is not None), *_warnings(odd), _signed(job)])


def fragment(
    job: Job, providers: Mapping[str, Provider], smaller: Smaller | None = None, *, server: str | None = None
) -> str:
    """The message under what was made of a video before a later part failed. Otherwise as `delivery`."""
    lines = [f"<@{job.member_id}> {outcome(job, providers)}", "What was made before is attached."]
    if server:
        lines.append(f"I couldn't post it in **{quoted(server)}**, so here it is.")
    return "\n".join([*lines, *_attached(job, smaller, direct=server is not None), _signed(job)])


def notice(job: Job, providers: Mapping[str, Provider], *, server: str | None = None) -> str:
    """The message at the end of a job without its video. It pings the requester, once, unless it was they who cancelled
    it. `server` as above.
    """
    lines = [f"<@{job.member_id}> {outcome(job, providers)}"]
    if job.kept_until and job.failure != "kept":  # what is kept whole is told by the outcome itself
        lines.append(f"What was made of it is kept until {day(job.kept_until)}: `/lipsync jobs` hands it out.")
    if server:
        lines.append(f"-# You asked in **{quoted(server)}**, where I couldn't post this.")
    return "\n".join([*lines, f"-# {job.code}"])


def _attached(job: Job, smaller: Smaller | None, *, direct: bool) -> list[str]:
    if smaller is None:
        return []
    takes = "A direct message" if direct else "This server"
    how = ": `/lipsync jobs` in that server hands it out" if direct else ""
    lines = [
        f"{takes} takes up to {smaller.most_bytes // 2**20} MB, so this is a smaller copy; the full video "
        f"({megabytes(smaller.whole_bytes)}) is kept until {day(job.kept_until)}{how}."
    ]
    if smaller.credentials_lost:
        lines.append("-# Its content credentials are in the full video only.")
    return lines


def _warnings(odd: Sequence[str]) -> list[str]:
    return [f"-# ⚠️ {what}" for what in odd]


def _signed(job: Job) -> str:
    voice = catalogue().get(job.request.voice or "")
    how = f" · voice {voice.title}" if voice else ""
    return f"-# AI-generated lip-sync{how} · {job.code}"


def thrown_away(job: Job) -> str:
    """That a kept video is gone before its time."""
    return f"-# I had to make room for newer videos of this server: the kept one of {job.code} is gone."
