"""The words of a job: its status card, how it ended, and what it cost. No Discord here, so that they can be read and
tested.

Rules: what happened, whether it cost anything, what to do next; at most two sentences; a job code on everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bot.domain.costs import begun, charge
from bot.domain.flows import HANDED_OVER
from bot.domain.job import Job
from bot.domain.request import Request
from bot.domain.voices import catalogue
from bot.providers.base import MISSING, Provider
from bot.words.english import QUOTE_CHARS, day, dollars, one_line, ordinal, quoted
from bot.words.failures import FAILURES, THROWN_AWAY
from storage.jobs.job import OUTCOMES

WHOLE = 1000  # for those who decide about a text: they must see all of it


def subject(request: Request, most: int = QUOTE_CHARS) -> str:
    """What is being spoken and by whom, on one line."""
    if request.mode == "text":
        voice = catalogue().get(request.voice or "")
        spoken = f"“{quoted(request.text or '', most)}”"
        return f"{spoken}\n-# Voice {voice.title if voice else request.voice}" if request.voice else spoken
    return f"🎙️ {quoted(request.audio.name if request.audio else '', 60)}"


def label(name: str, providers: Mapping[str, Provider]) -> str:
    """What people call the provider of that name."""
    provider = providers.get(name)
    return provider.label if provider else name


def thread_name(job: Job, request: Request) -> str:
    """At most 100 characters."""
    spoken = one_line(request.audio.name if request.audio else request.text or "", QUOTE_CHARS)
    return f"{job.code} · {spoken}"[:100]


def title(job: Job) -> str:
    """What stands first on the job's card, and on no other message."""
    return f"🎬 Lip-sync {job.code}"


def removed(job: Job) -> str:
    """What takes the place of the card when the video is deleted."""
    return f"🗑️ {job.code} was removed."


def card(job: Job, providers: Mapping[str, Provider], position: int | None, *, unfetched: bool = False) -> str:
    """The status card, rewritten as the job goes on."""
    request = job.request
    head = f"### {title(job)}\n{subject(request)}\n-# for <@{job.member_id}>"
    return f"{head}\n\n{status(job, providers, position, unfetched=unfetched)}"


def status(job: Job, providers: Mapping[str, Provider], position: int | None, *, unfetched: bool = False) -> str:
    """One line on how the job is doing. `unfetched`: it is made, and can't be fetched for now."""
    if job.has_video:
        return _made(job, label(job.provider, providers), unfetched=unfetched)
    if job.state in OUTCOMES:
        return outcome(job, providers)
    if job.state == "held":
        return "⏸️ Waiting for this server's moderators. Nothing is counted or charged until they say yes."
    if job.state == "queued" and not begun(job):
        return "⏳ In line. Nothing has been charged yet."
    return _working(job, providers, position)


def _made(job: Job, provider: str, *, unfetched: bool) -> str:
    if job.closed_at is not None:
        return f"✅ Done{_price(job)}."
    if unfetched:
        return (
            f"⚙️ It is made, but I can't fetch it from {provider} yet. I'll keep trying; there's no need to ask again."
        )
    return "⚙️ It is made. I'm getting it ready to be posted, which may take some minutes."


def _price(job: Job) -> str:
    """What a video is said to have cost; nothing where that isn't known."""
    if job.spent_micros == 0:
        return ", free of charge"
    return f", for {_known(job)}" if job.cost_usd else ""


def _known(job: Job) -> str:
    """What is known of its cost, which may be the cost of some steps only."""
    return f"{'' if job.spent_micros is not None else 'at least '}{dollars(job.cost_usd or Decimal(0))}"


def _working(job: Job, providers: Mapping[str, Provider], position: int | None) -> str:
    provider, name = providers.get(job.provider), label(job.provider, providers)
    if position:
        return f"⏳ In {name}'s line: **{ordinal(position)}**. You may leave, I'll ping you here."
    stages = provider.stages(job.request) if provider else ()
    doing = next((stage.label for stage in stages if stage.position == job.position), "Working on it")
    if job.position.stage not in HANDED_OVER:
        doing += f" at {name}, started <t:{int(job.submitted_at or job.created_at)}:R>"
    return f"⚙️ {doing}. You may leave, I'll ping you here."


def outcome(job: Job, providers: Mapping[str, Provider]) -> str:
    """How a job ended without its video in the thread, and what that cost."""
    name = label(job.provider, providers)
    failure = job.failure or "provider_failed"
    is_kept = failure == "kept" and job.kept_until is not None
    mark = "📦" if is_kept else {"cancelled": "🚫", "unknown": "❓"}.get(job.state, "⚠️")
    sentence = THROWN_AWAY if failure == "kept" and not is_kept else FAILURES[failure].long
    told = sentence.format(provider=name, until=day(job.kept_until))
    return f"{mark} {told}{_stopped_at(job)} {cost(job, name)}"


def _stopped_at(job: Job) -> str:
    """A sentence about which section of a long text failed, where there are sections before it; nothing otherwise."""
    number = job.position.section
    if job.state not in {"failed", "unknown"} or number < 2:
        return ""
    return f" It stopped at part {number} of {len(job.request.sections)}."


def cost(job: Job, provider: str) -> str:
    """Whether money moved, and whether the job counts, in a sentence or two."""
    charged = charge(job)
    if charged == "free" and job.remote and job.cost_usd is None and job.state == "cancelled":
        return f"It was still in line, so {provider} should not charge for it."
    if charged == "free":
        return "Nothing was charged."
    if job.cost_usd and charged == "paid":
        return f"{provider} charged {_known(job)}."
    if charged == "paid":
        what = "the steps that were done before" if job.state == "cancelled" else "it as for any video"
        return f"{provider} charges for {what}."
    return _unclear(job, provider)


def _unclear(job: Job, provider: str) -> str:
    if job.failure == MISSING and job.cost_usd:
        charged = f"{provider} says that it charged {_known(job)}."
    elif job.failure == MISSING:
        charged = f"{provider} most likely charges for it."
    else:
        charged = f"Whether {provider} charges for it is not known."
    over = "settles it" if job.state == "unknown" else "gives it back"
    return f"{charged} It counts against your limits until a moderator {over}."


def result_file(job: Job) -> str:
    """The name under which the finished video is posted."""
    return f"ai-generated-{job.code}.mp4"
