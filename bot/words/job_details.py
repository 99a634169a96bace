"""What moderators read of a job: a line in a list, and everything about one. No Discord here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from bot.domain.costs import MICROS
from bot.domain.job import Job
from bot.providers.base import Provider
from bot.words import job_card
from bot.words.english import day, dollars, person
from bot.words.failures import in_short
from bot.words.links import link
from storage.jobs.job import State
from storage.people.reports import Report

MARKS = {"held": "⏸️", "queued": "⏳", "succeeded": "✅", "failed": "⚠️", "cancelled": "🚫", "unknown": "❓"}
DEFAULT_MARK = "⚙️"
FREE = "free"
ABOUT = "about {amount}"
PRICE_NOT_KNOWN = "price not known"
CENT = Decimal("0.01")
GIVEN_BACK = " · given back"
DOES_NOT_COUNT = " · doesn't count"
STATES: Mapping[State, str] = {
    "held": "waiting for the moderators",
    "queued": "in line",
    "submitting": "being sent",
    "running": "being made",
    "succeeded": "done",
    "failed": "no video",
    "cancelled": "no video",
    "unknown": "no video",
}


def line(job: Job, providers: Mapping[str, Provider]) -> str:
    """One job in a list."""
    return (
        f"- {mark(job)} `{job.code}` {person(job.member_id)} · {job_card.label(job.provider, providers)} · "
        f"{job.milliseconds / 1000:g} s · "
        f"{money(job)}{_counting(job)} · <t:{int(job.created_at)}:R>"
    )


def own_line(job: Job, providers: Mapping[str, Provider]) -> str:
    """One job in the list of the member whose it is."""
    return f"- [`{job.code}`]({link(job, own=True)}) {job_card.status(job, providers, None)}"


def own_short(job: Job, *, kept: bool) -> str:
    """One job in the list of the member whose it is, in a few words; `kept`: its whole video can be fetched."""
    sign, said = mark(job), _state(job)
    if job.failure:
        said = f"{said}: {in_short(job.failure)}"
    if kept:
        posted = {None: "posted as a smaller copy", "kept": "could not be posted"}.get(job.failure, said)
        what = "the full video" if job.failure in {None, "kept"} else "what was made of it"
        sign, said = "📦", f"{posted}; {what} is kept until {day(job.kept_until)}"
    return f"- {sign} [`{job.code}`]({link(job, own=True)}) {said} · <t:{int(job.created_at)}:R>"


def title(job: Job, providers: Mapping[str, Provider]) -> str:
    """One job in a menu, where nothing is formatted."""
    return f"{mark(job)} {job.code} · {job_card.label(job.provider, providers)} · {_state(job)}"


def mark(job: Job) -> str:
    """Its state as a sign."""
    return MARKS["failed"] if _lost_its_video(job) else MARKS.get(job.state, DEFAULT_MARK)


def money(job: Job) -> str:
    """What it cost, or was to cost where that isn't known (yet)."""
    if job.spent_micros is not None:
        return dollars(Decimal(job.spent_micros) / MICROS) if job.spent_micros else FREE
    if not job.micros:
        return PRICE_NOT_KNOWN
    foreseen = Decimal(job.micros) / MICROS
    return ABOUT.format(amount=dollars(foreseen if foreseen < CENT else foreseen.quantize(CENT)))


def everything(job: Job, providers: Mapping[str, Provider], report: Report | None, *, kept: bool) -> str:
    """One job, whole; `kept`: its whole video can be fetched."""
    job = job if kept else replace(job, kept_until=None)
    lines = [f"{mark(job)} **{job.code}** of {person(job.member_id)}, asked for <t:{int(job.created_at)}:f>"]
    if job.forgotten_at is None:
        lines.append(job_card.subject(job.request, job_card.WHOLE))
        lines.append(link(job))
    lines.append(
        f"{job_card.label(job.provider, providers)} · {job.milliseconds / 1000:g} s · {money(job)}{_counting(job)}"
    )
    lines.append(job_card.status(job, providers, None))
    if job.state == "unknown":
        lines.append(settling(job, providers))
    if report:
        lines.append(_reported(report))
    return "\n".join(lines)


def settling(job: Job, providers: Mapping[str, Provider]) -> str:
    """What to look for in the provider's console."""
    if job.settled_at:
        return f"Settled <t:{int(job.settled_at)}:R>: it was {'charged' if job.counted_at else 'not charged'}."
    sent = f"sent about <t:{int(job.submitted_at or job.ended_at or job.created_at)}:T>"
    known = f"Its id there is `{job.remote}`" if job.remote else "Its id there isn't known"
    ours = f"; ours for it is `{job.handle}`" if job.handle else ""
    return (
        f"**To settle it**, look into the console of {job_card.label(job.provider, providers)} for a run {sent}, step "
        f"“{job.position}”, "
        f"{job.milliseconds / 1000:g} s of video. {known}{ours}. If a run of that time is listed and was charged, say "
        "so below."
    )


def _reported(report: Report) -> str:
    if report.decision is None:
        since = f"<t:{int(report.reported_at)}:R>"
        hidden = "hidden until somebody decides" if report.hidden else "**could not be hidden**"
        return f"🚩 Reported by {person(report.reported_by)} {since}, {hidden}."
    return f"🚩 Reported <t:{int(report.reported_at)}:R>; {report.decision} by {person(report.decided_by)}."


def _counting(job: Job) -> str:
    if job.refunded_at:
        return GIVEN_BACK
    return "" if job.counted_at else DOES_NOT_COUNT


def _state(job: Job) -> str:
    return STATES["failed"] if _lost_its_video(job) else STATES[job.state]


def _lost_its_video(job: Job) -> bool:
    """Whether it was made, and didn't reach its place."""
    return job.state == "succeeded" and job.failure is not None
