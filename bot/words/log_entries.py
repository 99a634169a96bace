"""The words of the log channel: one short card per event. No Discord here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.domain.job import Job
from bot.providers.base import Provider
from bot.words import job_card, job_details, limits
from bot.words.english import day, quoted
from bot.words.failures import why_switched_off
from bot.words.links import home
from storage.servers.limit_rules import SCALE, Rule
from storage.servers.log_entries import Entry

Facts = Mapping[str, str]
APPROVAL = {
    "off": "No video needs approval.",
    "first": "A member's first video needs approval.",
    "above": "Videos that cost more than {price}, or whose price isn't known, need approval.",
    "always": "Every video needs approval.",
}


def approval(mode: str, cents: int) -> str:
    """Which jobs wait for a moderator."""
    return APPROVAL[mode].format(price=limits.amount("cents", cents))


def text(entry: Entry, job: Job | None, providers: Mapping[str, Provider]) -> str | None:
    """What an entry says; None for one about a job that is erased."""
    who = f" · by <@{entry.actor_id}>" if entry.actor_id else ""
    if entry.kind in _JOB:
        return None if job is None else f"{_JOB[entry.kind](entry, job, providers)}{who}"
    return f"{_SERVER[entry.kind](entry.facts, providers)}{who}"


def head(job: Job) -> str:
    """Which job it is, and whose."""
    return f"**{job.code}** of <@{job.member_id}>"


def asked(job: Job, providers: Mapping[str, Provider]) -> str:
    """What was asked for, as far as that isn't erased, with all of its text."""
    request = job.request if job.forgotten_at is None else None
    what = f"\n{job_card.subject(request, job_card.WHOLE)}" if request else ""
    return f"{job_card.label(job.provider, providers)} · {job.milliseconds / 1000:g} s · {job_details.money(job)}{what}"


def _started(_: Entry, job: Job, providers: Mapping[str, Provider]) -> str:
    return f"▶️ {head(job)} started · {asked(job, providers)}\n-# {place(job)}"


def _finished(_: Entry, job: Job, providers: Mapping[str, Provider]) -> str:
    maker = job_card.label(job.provider, providers)
    return f"✅ {head(job)} finished · {maker} · {job_details.money(job)}\n-# {place(job)}"


def _kept(_: Entry, job: Job, providers: Mapping[str, Provider]) -> str:
    maker = job_card.label(job.provider, providers)
    return (
        f"📦 {head(job)}: {maker} made the video, but I could not post it; its member can fetch it until "
        f"{day(job.kept_until)}. {job_card.cost(job, maker)} If that goes on, look at my permissions there.\n"
        f"-# {place(job)}"
    )


def _ended(_: Entry, job: Job, providers: Mapping[str, Provider]) -> str:
    return f"{head(job)} ended: {job_card.outcome(job, providers)}\n-# {place(job)}"


def place(job: Job) -> str:
    """Where it is shown; nothing once that is erased."""
    return home(job) if job.channel_id else ""


def _says(sentence: str) -> Callable[[Entry, Job, Mapping[str, Provider]], str]:
    return lambda entry, job, _: f"{sentence.format(job=_job_of(entry, job))}"


def _job_of(entry: Entry, job: Job) -> str:
    """Whose it is, even when that was erased from the job with the decision."""
    member = entry.facts.get("member_id") or job.member_id
    return f"**{job.code}** of <@{member}>"


_JOB: Mapping[str, Callable[[Entry, Job, Mapping[str, Provider]], str]] = {
    "started": _started,
    "finished": _finished,
    "kept": _kept,
    "lost": _ended,
    "failed": _ended,
    "cancelled": _ended,
    "restored": _says("👁️ {job} is shown again"),
    "removed": _says("🗑️ {job} is removed, and its files can't be used again"),
    "refunded": _says("↩️ {job} is given back: it doesn't count against the member's limits"),
    "settled_charged": _says("🧾 {job} is settled: it was charged, and counts"),
    "settled_free": _says("🧾 {job} is settled: it was not charged, and doesn't count"),
}


def _rule(facts: Facts) -> Rule:
    return Rule(facts["subject"], int(facts["subject_id"]), facts["unit"], facts["window"], int(facts["most"]))  # type: ignore[arg-type]


def _grant(facts: Facts) -> str:
    whom = limits.subject(facts["subject"], int(facts["subject_id"]))  # type: ignore[arg-type]
    much = limits.amount(facts["unit"], int(facts["amount"]))  # type: ignore[arg-type]
    return f"**{whom}**: {much} more (“{quoted(facts['reason'])}”)"


def _budget(facts: Facts, _: Mapping[str, Provider]) -> str:
    rule = Rule("server", 0, facts["unit"], facts["window"], int(facts["most"]))  # type: ignore[arg-type]
    used = limits.exact(rule.unit, int(facts["used"]))
    if int(facts["used"]) >= rule.most * SCALE[rule.unit]:
        when = f" There is more <t:{int(float(facts['more_at']))}:R>." if facts["more_at"] else ""
    elif facts["used_up_at"]:
        when = f" At this pace it is used up <t:{int(float(facts['used_up_at']))}:R>."
    else:
        when = " At this pace it lasts."
    return f"📊 {facts['percent']} % of this server's limit is used: {used} of {limits.limit(rule)}.{when}"


def _allowed(kind: str, mark: str) -> Callable[[Facts, Mapping[str, Provider]], str]:
    def words(facts: Facts, _: Mapping[str, Provider]) -> str:
        names = ", ".join(f"<{mark}{one}>" for one in facts["ids"].split())
        return f"🚪 Open {f'in these {kind}s only: {names}' if names else f'to all {kind}s'}"

    return words


def _key(sentence: str) -> Callable[[Facts, Mapping[str, Provider]], str]:
    def words(facts: Facts, providers: Mapping[str, Provider]) -> str:
        why = why_switched_off(facts.get("reason"))
        return sentence.format(
            key=f"{job_card.label(facts['provider'], providers)} key ending **…{facts['hint']}**", why=why
        )

    return words


_SERVER: Mapping[str, Callable[[Facts, Mapping[str, Provider]], str]] = {
    "rule_set": lambda facts, _: f"📏 Limit set\n{limits.line(_rule(facts))}",
    "rule_removed": lambda facts, _: f"📏 Limit taken away\n{limits.line(_rule(facts))}",
    "grant_given": lambda facts, _: f"🎁 {_grant(facts)}, until <t:{int(float(facts['until_at']))}:f>",
    "grant_ended": lambda facts, _: f"🎁 Grant ended: {_grant(facts)}",
    "budget": _budget,
    "choosing_set": lambda facts, _: f"🔀 Providers are chosen by {facts['choosing']}",
    "log_set": lambda *_: "📒 This channel tells what I do in this server",
    "approval_set": lambda facts, _: f"⏸️ {approval(facts['approval'], int(facts['cents']))}",
    "ages_set": lambda facts, _: (
        f"🚪 Open to accounts of at least {facts['account_days']} days, members for at least {facts['member_days']} "
        "days"
    ),
    "channels_allowed": _allowed("channel", "#"),
    "roles_allowed": _allowed("role", "@&"),
    "blocked": lambda facts, _: f"⛔ <@{facts['member_id']}> is blocked: {quoted(facts['reason'])}",
    "unblocked": lambda facts, _: f"⛔ <@{facts['member_id']}> is no longer blocked",
    "key_saved": _key("🔑 {key} saved"),
    "key_removed": _key("🔑 {key} removed"),
    "key_on": _key("🔑 {key} works again, and is switched on"),
}
KINDS = frozenset(_JOB) | frozenset(_SERVER)
