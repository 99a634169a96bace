"""What is read of the things that moderators have to decide: on cards in their channels, by direct message to whoever
set the bot up, and by whoever has reported a video.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.job import Job
from bot.domain.request import Request
from bot.providers.base import Provider
from bot.words import job_card, job_details
from bot.words.admin.keys import alert
from bot.words.english import listed, quoted
from bot.words.links import home, link
from bot.words.log_entries import asked, head, place
from storage.jobs.job_code import code_of
from storage.people.reports import Report
from storage.servers.case import Case, CaseKind, Told
from storage.servers.key_info import KeyInfo

TOLD: Mapping[Told | None, str] = {
    "log": "I've asked the moderators in their channel.",
    "notices": "I've asked the moderators in their channel.",
    "person": "I've messaged the person who set up this bot here.",
    "moderator": "One of the moderators knows about it.",
    "nobody": "I couldn't reach a moderator yet; the next one who uses me here will see it.",
    None: "I'll ask the moderators as soon as Discord lets me.",
}
BLURRED = "It's blurred until a moderator reviews it."
NOT_BLURRED = "It isn't blurred, but a moderator can remove it."
CANT_BLUR = "I couldn't blur it, but a moderator can remove it."
WHY_DIRECTLY = (
    "You're getting this because you set up this bot there, and I have no channel to ask in. "
    "`/lipsync-admin log` chooses one."
)
COUNTED: Mapping[CaseKind, tuple[str, str]] = {
    "reported": ("reported video", "reported videos"),
    "held": ("video to approve", "videos to approve"),
    "unknown": ("video that may or may not have been charged", "videos that may or may not have been charged"),
    "key_off": ("key that is switched off", "keys that are switched off"),
}
COMMANDS: Mapping[CaseKind, str] = {
    "reported": "`/lipsync-admin jobs`",
    "held": "`/lipsync-admin jobs`",
    "unknown": "`/lipsync-admin settle`",
    "key_off": "`/lipsync-admin key list`",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a case is about, as it is now: a job with its report, or a key. `server` is None where Discord hasn't told
    its name.
    """

    job: Job | None = None
    report: Report | None = None
    key: KeyInfo | None = None
    server: str | None = None


def in_channel(case: Case, about: Subject, providers: Mapping[str, Provider]) -> str | None:
    """What a card in a channel of the moderators says; None when what it is about is gone."""
    job = about.job
    if case.kind == "key_off":
        return alert(job_card.label(about.key.provider, providers), about.key, about.server) if about.key else None
    if job is None:
        return None
    if case.kind == "held":
        files = "" if job.forgotten_at else f"\n{_files(job.request)}"
        return (
            f"⏸️ {head(job)} needs approval · {asked(job, providers)}{files}\n"
            f"-# Expires <t:{int(job.deadline_at)}:R>. {place(job)}"
        )
    if case.kind == "unknown":
        ended = job_card.outcome(job, providers)
        return f"{head(job)} ended: {ended}\n{job_details.settling(job, providers)}\n-# {place(job)}"
    by = f" by <@{about.report.reported_by}>" if about.report and about.report.reported_by else ""
    return (
        f"🚩 {head(job)} was reported{by}. {_blurred(about.report)}\n{asked(job, providers)}\n"
        f"-# {link(job) if job.channel_id else ''}"
    )


def directly(case: Case, about: Subject, providers: Mapping[str, Provider]) -> str | None:
    """The same by direct message: nothing of what a member has typed or attached, as whoever reads it need not be a
    moderator any more.
    """
    job, server = about.job, f"**{quoted(about.server)}**" if about.server else "your server"
    if case.kind == "key_off":
        return in_channel(case, about, providers)
    if job is None:
        return None
    decide = f"Decide with {COMMANDS[case.kind]} there."
    if case.kind == "held":
        what = f"⏸️ A video in {server} needs a moderator's approval, and expires <t:{int(job.deadline_at)}:R>"
        where = home(job)
    elif case.kind == "unknown":
        what = f"❓ A video in {server} has ended, and nobody knows if it was charged"
        where, decide = home(job), f"{COMMANDS[case.kind]} there says what to look for."
    else:
        what, where = f"🚩 A video in {server} was reported. {_blurred(about.report).removesuffix('.')}", link(job)
    return f"{what}: {where if job.channel_id else ''}\n{decide}\n-# {job.code} · {WHY_DIRECTLY}"


def decided(case: Case, about: Subject, providers: Mapping[str, Provider]) -> str:
    """What takes the place of either, once it is decided."""
    by = f" · by <@{case.decided_by}>" if case.decided_by else ""
    if case.kind == "key_off":
        label = job_card.label(case.facts.get("provider", ""), providers)
        works = about.key is not None and not about.key.off_reason
        name = f"The {label} key ending **…{case.facts['hint']}**" if case.facts else "The key"
        return f"🔑 {name} {'works again' if works else 'was replaced or removed'}{by}"
    return f"{_decision(case, about)}{by}"


def _decision(case: Case, about: Subject) -> str:
    job, name = about.job, f"**{code_of(case.subject_id)}**"
    if case.kind == "reported":
        removed = about.report is not None and about.report.decision == "removed"
        said = "removed, and its files can't be used again" if removed else "left up"
        return f"{'🗑️' if removed else '👁️'} {name} was reported, and was {said}"
    if case.kind == "unknown":
        counts = "was charged, and counts" if job and job.counted_at else "wasn't charged, and doesn't count"
        return f"🧾 {name} is settled: it {counts}"
    return {
        "denied": f"🚫 {name} was declined",
        "approval_expired": f"⌛ {name}: nobody answered in time, so it wasn't made",
        "cancelled": f"🚫 {name} was cancelled",
        "cancelled_by_moderator": f"🚫 {name} was cancelled",
    }.get(job.failure or "" if job else "", f"✅ {name} was approved")


def reported(told: Told | None, *, hidden: bool, hides_again_at: float | None) -> str:
    """What whoever has reported a video reads: what became of it, and who was told. `hides_again_at` is when a report
    of theirs blurs something again, None where this one could.
    """
    done = BLURRED if hidden else CANT_BLUR
    if hides_again_at is not None:
        done = (
            "It stays visible until a moderator reviews it: your reports have blurred several videos within an hour, "
            f"and can blur the next one <t:{int(hides_again_at) + 1}:R>."
        )
    return f"Thanks. {done} {TOLD[told]}"


def waiting(numbers: Mapping[CaseKind, int]) -> str:
    """How much of each kind is to be decided, and where."""
    kinds = [kind for kind in COUNTED if numbers.get(kind)]
    counted = [f"**{numbers[kind]} {COUNTED[kind][numbers[kind] > 1]}**" for kind in kinds]
    return f"{listed(counted)}. See {listed(list(dict.fromkeys(COMMANDS[kind] for kind in kinds)))}."


def reminder(numbers: Mapping[CaseKind, int]) -> str:
    """The line below a moderator's answer, where nobody could be asked in a channel."""
    return f"⚠️ Waiting for a moderator here: {waiting(numbers)}\n-# `/lipsync-admin log` chooses a channel to ask in."


def _blurred(report: Report | None) -> str:
    return BLURRED if report and report.hidden else NOT_BLURRED


def _files(request: Request) -> str:
    """What is to be seen and heard before anybody says yes."""
    clip = f"[the clip]({request.video.url})"
    return f"{clip} · [the recording]({request.audio.url})" if request.audio else clip
