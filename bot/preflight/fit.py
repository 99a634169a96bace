"""What can be known before any money moves: does the ask fit what a provider takes? Everything that doesn't, at once,
and what could be done about it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.ask import Ask
from bot.domain.fixes import ASKED_ONE_BY_ONE, OF_CLIP, OF_SOUND, Fix, Fixes, Problem
from bot.domain.media_facts import MediaFacts, Seen
from bot.domain.request import Media, Request
from bot.domain.voices import Voice, called
from bot.preflight.edits import Attempt, clip_edit, part_of_clip, sections, sound_edit, sound_seconds
from bot.preflight.problems import TOLERANCE, problems_of
from bot.providers.base import Provider

LONGEST_WHOLE = 300.0  # seconds of a clip that is written anew around its changed part, within reasonable time


@dataclass(frozen=True, slots=True)
class Fit:
    """How the ask fits a provider. `request` is None while something stands against it that can't be mended, or may
    not be.
    """

    problems: tuple[Problem, ...]
    request: Request | None

    @property
    def sacrifice(self) -> int:
        """How much of what a person asked for has to give way."""
        return sum(problem.fix in ASKED_ONE_BY_ONE for problem in self.problems)


def fit(ask: Ask, provider: Provider, seen: Seen | None = None) -> Fit:
    """How the ask fits the one of the provider's flows that it fits best, with what the person has agreed to.

    Without `seen`, only what Discord claims of the files is checked: enough to refuse early, never enough to trust.
    """
    mode = ask.mode
    flows = [flow for flow in provider.flows if flow.mode == mode]
    if not flows:
        return Fit((Problem("no_recordings" if ask.audio else "no_texts"),), None)
    voices = called(provider.voices.values(), ask.voice or "") if mode == "text" else []
    attempts = [Attempt(ask, provider, flow) for flow in flows]
    clip, sound = (seen.video, seen.audio) if seen else (None, None)
    found = [(tuple(problems_of(attempt, voices, clip, sound)), attempt.flow) for attempt in attempts]
    against, flow = min(found, key=lambda each: _weight(each[0]))
    allowed = ask.fixes.allow(against) if ask.fixes else not against
    request = _request(Attempt(ask, provider, flow), voices, seen, against) if allowed else None
    return Fit(against, request)


def mended(ask: Ask, provider: Provider, seen: Seen) -> Fit:
    """The same, if the person agreed to everything, and wanted the rest of the clip to stay."""
    return fit(replace(ask, fixes=replace(ask.fixes or Fixes(), agreed=ASKED_ONE_BY_ONE, rest=True)), provider, seen)


def looked(ask: Ask, seen: Seen, *, lasting: tuple[bool, bool]) -> Ask:
    """The ask with what was measured; `lasting` says whether the addresses of clip and recording will work long
    enough for a provider.
    """
    video = _measured(ask.video, seen.video, lasting=lasting[0])
    audio = ask.audio
    if audio and seen.audio:
        audio = _measured(audio, seen.audio, lasting=lasting[1])
    return replace(ask, video=video, audio=audio)


def _measured(media: Media, facts: MediaFacts, *, lasting: bool) -> Media:
    measured = {"size": facts.size, "seconds": facts.seconds, "digest": facts.digest}
    return media.model_copy(update={**measured, "reachable": lasting})


def _weight(against: tuple[Problem, ...]) -> tuple[int, int, int]:
    fixes = [problem.fix for problem in against]
    return fixes.count(None), sum(fix in ASKED_ONE_BY_ONE for fix in fixes), len(fixes)


def _request(attempt: Attempt, voices: list[Voice], seen: Seen | None, against: tuple[Problem, ...]) -> Request:
    ask, flow = attempt.ask, attempt.flow
    request = Request(
        flow=flow.name,
        mode=flow.mode,
        video=ask.video,
        audio=ask.audio,
        fill=ask.fill,
        text=(ask.text or "").strip() if flow.mode == "text" else None,
        voice=voices[0].key if voices else None,
        speed=ask.speed,
        volume=1.0 if ask.volume is None else ask.volume,
        own_volume=ask.own_volume or 0.0,
        fixes=ask.fixes,
    )
    if seen is None:
        return request
    needed: frozenset[Fix] = frozenset(problem.fix for problem in against if problem.fix)
    fixes = ask.fixes or Fixes()
    if "split" in needed:
        return _in_sections(request, attempt, seen.video, voices[0], fixes)
    request = _with_clip(request, attempt, seen.video, fixes, needed & OF_CLIP)
    return _with_sound(request, attempt, seen.audio, needed & OF_SOUND) if seen.audio else request


def _in_sections(request: Request, attempt: Attempt, clip: MediaFacts, voice: Voice, fixes: Fixes) -> Request:
    made = sections(attempt, clip, voice, fixes.part[0] if fixes.part else 0.0)
    seconds = sum(section.clip.seconds for section in made)
    video = request.video.model_copy(update={"seconds": seconds, "reachable": False})
    within = fixes.rest and clip.seconds <= LONGEST_WHOLE and made[0].clip.start + seconds < clip.seconds - TOLERANCE
    return request.model_copy(
        update={"video": video, "sections": made, "whole_seconds": clip.seconds if within else None}
    )


def _with_clip(request: Request, attempt: Attempt, clip: MediaFacts, fixes: Fixes, needed: frozenset[Fix]) -> Request:
    start, seconds = part_of_clip(clip, attempt.limits, fixes)
    trimmed = seconds < clip.seconds - TOLERANCE
    if not needed and not trimmed:
        return request
    edit = clip_edit(attempt, clip, (start, seconds))
    video = request.video.model_copy(update={"seconds": seconds, "reachable": False})
    whole = clip.seconds if fixes.rest and trimmed and clip.seconds <= LONGEST_WHOLE else None
    return request.model_copy(update={"video": video, "clip": edit, "whole_seconds": whole})


def _with_sound(request: Request, attempt: Attempt, sound: MediaFacts, needed: frozenset[Fix]) -> Request:
    own = sound.sound_seconds or sound.seconds
    seconds = sound_seconds(attempt, sound, request.video.seconds or own)
    longer = attempt.ask.fill is not None and seconds > own + TOLERANCE
    if request.audio is None or not (needed or longer):
        return request
    audio = request.audio.model_copy(update={"seconds": seconds, "reachable": False})
    return request.model_copy(update={"audio": audio, "sound": sound_edit(attempt, seconds)})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider that can do it, and the request in its form."""

    provider: Provider
    request: Request
