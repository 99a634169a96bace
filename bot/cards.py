"""The words of a job: its status card, its outcome, and what it cost. No Discord here, so that they can be read and
tested.

Rules: what happened, whether it cost anything, what to do next; at most two sentences; a job code on everything.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.charges import begun, charge
from bot.failures import FAILURES
from bot.providers.base import Provider
from bot.providers.request import Request
from bot.voices import catalogue
from storage.job import OUTCOMES, Job

MARKDOWN = str.maketrans({character: f"\\{character}" for character in "\\*_~`|>#[]()-"})
QUOTE_CHARS = 200
WHOLE = 1000  # for those who decide about a text: they must see all of it
ZERO_WIDTH_SPACE = "\u200b"
# Marks that turn the direction of writing: they would mirror what stands behind a quote on its line.
DIRECTIONS = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def quoted(text: str, most: int = QUOTE_CHARS) -> str:
    """A person's text as one harmless line: no markdown, no mention, no line breaks."""
    return _one_line(text, most).translate(MARKDOWN)


def subject(request: Request, most: int = QUOTE_CHARS) -> str:
    """What is being spoken and by whom, on one line."""
    if request.mode == "text":
        voice = catalogue().get(request.voice or "")
        return f"“{quoted(request.text or '', most)}”\n-# Voice {voice.title if voice else request.voice}"
    return f"🎙️ {quoted(request.audio.name if request.audio else '', 60)}"


def label(name: str, providers: Mapping[str, Provider]) -> str:
    """What people call the provider of that name."""
    provider = providers.get(name)
    return provider.label if provider else name


def thread_name(job: Job, request: Request) -> str:
    """At most 100 characters."""
    spoken = _one_line(request.audio.name if request.audio else request.text or "", QUOTE_CHARS)
    return f"{job.code} · {spoken}"[:100]


def card(job: Job, providers: Mapping[str, Provider], position: int | None) -> str:
    """The status card, rewritten as the job goes on."""
    request = Request.model_validate_json(job.request)
    head = f"### 🎬 Lip-sync {job.code}\n{subject(request)}\n-# for <@{job.member_id}>"
    return f"{head}\n\n{status(job, providers, position)}"


def status(job: Job, providers: Mapping[str, Provider], position: int | None) -> str:
    """One line on how the job is doing."""
    provider, name = providers.get(job.provider), label(job.provider, providers)
    if job.state == "succeeded" and not job.failure:
        return f"✅ Done, for ${job.cost_usd:f}." if job.cost_usd else "✅ Done."
    if job.state in OUTCOMES:
        return outcome(job, providers)
    if job.state == "held":
        return "⏸️ Waiting for this server's moderators. Nothing is counted or charged until they say yes."
    if job.state == "queued" and not begun(job):
        return "⏳ In line. Nothing has been charged yet."
    if position:
        return f"⏳ In {name}'s line: **{_ordinal(position)}**. You may leave, I'll ping you here."
    stages = provider.stages(Request.model_validate_json(job.request)) if provider else ()
    doing = next((stage.label for stage in stages if stage.name == job.stage), "Working on it")
    started = f"<t:{int(job.submitted_at or job.created_at)}:R>"
    return f"⚙️ {doing} at {name}, started {started}. You may leave, I'll ping you here."


def outcome(job: Job, providers: Mapping[str, Provider]) -> str:
    """How a job ended without its video in the thread, and what that cost."""
    name = label(job.provider, providers)
    mark = {"cancelled": "🚫", "unknown": "❓"}.get(job.state, "⚠️")
    sentence = FAILURES[job.failure or "provider_failed"].format(provider=name, file=result_file(job))
    return f"{mark} {sentence} {cost(job, name)}"


def delivery(job: Job, providers: Mapping[str, Provider], *, with_video: bool) -> str:
    """The new message at the end. It pings the requester, once."""
    if not with_video:
        return f"<@{job.member_id}> {outcome(job, providers)}\n-# {job.code}"
    request = Request.model_validate_json(job.request)
    voice = catalogue().get(request.voice or "")
    how = f" · voice {voice.title}" if voice else ""
    return f"<@{job.member_id}> your video is ready.\n-# AI-generated lip-sync{how} · {job.code}"


def cost(job: Job, provider: str) -> str:
    """Whether money moved, and whether the job counts, in a sentence or two."""
    charged = charge(job)
    if charged == "free" and job.remote and job.cost_usd is None and job.state == "cancelled":
        return f"It was still in line, so {provider} should not charge for it."
    if charged == "free":
        return "Nothing was charged."
    if job.cost_usd and charged == "paid":
        return f"{provider} charged ${job.cost_usd:f}."
    if job.state == "cancelled":
        return f"{provider} charges for the steps that were done before."
    if job.state == "succeeded":
        return f"{provider} charges for it as for any video."
    unclear = f"Whether {provider} charges for it is not known."
    return f"{unclear} It counts against your limits until a moderator gives it back."


def result_file(job: Job) -> str:
    """The name under which the finished video is kept and posted."""
    return f"ai-generated-{job.code}.mp4"


def _one_line(text: str, most: int) -> str:
    line = " ".join(text.translate(DIRECTIONS).split())
    line = line if len(line) <= most else line[: most - 1] + "…"
    return line.replace("@", f"@{ZERO_WIDTH_SPACE}").replace("<", f"<{ZERO_WIDTH_SPACE}")


def _ordinal(number: int) -> str:
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
