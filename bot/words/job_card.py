"""The words of a job: its status card, how it ended, and what it cost. No Discord here, so that they can be read and
tested.

Rules: what happened, whether it cost anything, what to do next; at most two sentences; a job code on everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bot.domain.costs import MICROS, begun
from bot.domain.flows import HANDED_OVER
from bot.domain.job import Job
from bot.domain.request import Request
from bot.domain.voices import catalogue
from bot.providers.base import MISSING, Provider
from bot.words.english import QUOTE_CHARS, day, dollars, one_line, ordinal, quoted
from bot.words.failures import FAILURES, THROWN_AWAY, in_short
from storage.jobs.job import OUTCOMES

WHOLE = 1000  # for those who decide about a text: they must see all of it

# What is said of money and limits. `tests/truth/claims.py` says what each of them claims.
HELD = "⏸️ Waiting for this server's moderators. Nothing is sent or charged until they say yes."
IN_LINE = "⏳ In line. Nothing has been charged yet."
FREE_VIDEO = ", free of charge"
PRICED_VIDEO = ", for {amount}"
AT_LEAST = "at least {amount}"
NOTHING_CHARGED = "Nothing was charged."
STILL_IN_LINE = "It was still in line, so {provider} should not charge for it."
CHARGED = "{provider} charged {amount}."
SAYS_CHARGED = "{provider} says that it charged {amount}."
CHARGES_FOR_STEPS = "{provider} charges for the steps that were done before."
CHARGES_AS_ANY = "{provider} charges for it as for any video."
MOST_LIKELY = "{provider} most likely charges for it."
NOT_KNOWN = "Whether {provider} charges for it is not known."
LAST_MOST_LIKELY = "It most likely charges for the last step too."
LAST_NOT_KNOWN = "Whether it charges for the last step too is not known."
UNTIL_SETTLED = "It counts against your limits until a moderator settles it."
UNTIL_GIVEN_BACK = "It counts against your limits until a moderator gives it back."
SETTLED = "It ended without a video ({reason}), and a moderator has settled it."


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
        return HELD
    if job.state == "queued" and not begun(job):
        return IN_LINE
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
        return FREE_VIDEO
    return PRICED_VIDEO.format(amount=_known(job)) if job.cost_usd else ""


def _known(job: Job) -> str:
    """What is known of its cost, which may be the cost of some steps only."""
    if job.spent_micros is not None:
        return dollars(Decimal(job.spent_micros) / MICROS)
    return AT_LEAST.format(amount=dollars(job.cost_usd or Decimal(0)))


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
    if job.settled_at:
        told = SETTLED.format(reason=in_short(failure))
    return f"{mark} {told}{_stopped_at(job)} {cost(job, name)}"


def _stopped_at(job: Job) -> str:
    """A sentence about which section of a long text failed, where there are sections before it; nothing otherwise."""
    number = job.position.section
    if job.state not in {"failed", "unknown"} or number < 2:
        return ""
    return f" It stopped at part {number} of {len(job.request.sections)}."


def cost(job: Job, provider: str) -> str:
    """Whether money moved, and whether the job counts, in a sentence or two."""
    told = {"free": _free, "paid": _paid}.get(job.charge or "", _unclear)(job)
    return " ".join([*told, *_counting(job)]).format(provider=provider, amount=_known(job))


def _free(job: Job) -> list[str]:
    was_in_line = job.state == "cancelled" and job.remote and job.cost_usd is None
    return [STILL_IN_LINE if was_in_line else NOTHING_CHARGED]


def _paid(job: Job) -> list[str]:
    if job.cost_usd:
        return [SAYS_CHARGED if _is_unsettled(job) else CHARGED]
    return [CHARGES_AS_ANY if job.state == "succeeded" or job.settled_at else CHARGES_FOR_STEPS]


def _unclear(job: Job) -> list[str]:
    """What is known of the steps before, and that the last one is not known."""
    is_likely = job.failure == MISSING
    if job.cost_usd or job.has_unnamed_costs:
        return [CHARGED if job.cost_usd else CHARGES_FOR_STEPS, LAST_MOST_LIKELY if is_likely else LAST_NOT_KNOWN]
    return [MOST_LIKELY if is_likely else NOT_KNOWN]


def _counting(job: Job) -> list[str]:
    """That it counts, where a moderator can change that and somebody may want it changed."""
    if not job.counted_at or job.refunded_at:
        return []
    if _is_unsettled(job):
        return [UNTIL_SETTLED]
    return [UNTIL_GIVEN_BACK] if job.charge == "unclear" else []


def _is_unsettled(job: Job) -> bool:
    return job.state == "unknown" and not job.settled_at


def result_file(job: Job) -> str:
    """The name under which the finished video is posted."""
    return f"ai-generated-{job.code}.mp4"
