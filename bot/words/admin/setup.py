"""The screen that shows moderators what is set up, and what is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.errors import Refusal
from bot.preflight.fit import Candidate
from bot.version import VERSION
from bot.words import limits, log_entries
from bot.words.admin.cases import waiting
from bot.words.english import bold, dollars, listed
from storage.servers.case import CaseKind
from storage.servers.guilds import Policy
from storage.servers.key_info import KeyInfo
from storage.servers.limit_rules import Rule

DONE, GAP, NOT_DONE = "✅", "⚠️", "❌"
MOST_RULES = 10
APPROVAL_CHOICES: Mapping[str, str] = {
    "off": "No approval",
    "first": "A member's first video",
    "always": "Every video",
}
NO_LOG = "no channel tells you what happens"
LOG_GONE = "its channel is gone, or hidden from me"
LOG_UNTOLD = "Discord won't tell me right now whether I can post in its channel"


@dataclass(frozen=True, slots=True)
class Setup:
    """What the screen shows. `keys` are those of the server by the provider's label, `free` the labels of providers
    that need none, `missing` the permissions that the bot lacks, `log_problem` what stands against the log channel,
    `channel_gaps` against the others that are named.
    `rehearsed` is who would make an ordinary member's video here and now, or what they would be refused with.
    """

    rehearsed: Candidate | Refusal
    open_cases: Mapping[CaseKind, int]

    keys: Sequence[tuple[str, KeyInfo]]
    free: Sequence[str]
    channels: Collection[int]
    roles: Collection[int]
    blocked: int
    policy: Policy
    log_problem: str | None
    channel_gaps: Sequence[str]
    missing: Sequence[str]
    reads_automod: bool
    rules: Sequence[Rule]

    @property
    def lacks_key(self) -> bool:
        """Whether nothing can be made, or a key is switched off."""
        working = [info for _, info in self.keys if not info.off_reason]
        return not (working or self.free) or len(working) < len(self.keys)

    @property
    def lacks_limit(self) -> bool:
        """Whether nothing limits what the whole server spends."""
        return not any(rule.subject == "server" and rule.unit != "active" for rule in self.rules)


def screen(found: Setup) -> str:
    """All of it, a line each."""
    names = [f"{label} (…{key.hint}{', switched off' if key.off_reason else ''})" for label, key in found.keys]
    names += found.free
    lines = [
        _verdict(found.rehearsed),
        *([f"{GAP} **Waiting for a moderator**: {waiting(found.open_cases)}"] if found.open_cases else []),
        f"{_mark(found.lacks_key)} **Keys**: {listed(names) if names else 'none yet'}",
        f"{DONE} **Access**: {_access(found)}",
        f"{_mark(found.log_problem)} **Log**: {found.log_problem or f'<#{found.policy.log_channel_id}>'}",
        *([f"{GAP} **Channels**: {listed(list(found.channel_gaps))}"] if found.channel_gaps else []),
        f"{DONE} **Approval**: {log_entries.approval(found.policy.approval, found.policy.approval_cents)}",
        f"{_mark(found.missing)} **My permissions here and in threads here**: "
        + (f"I need {bold(found.missing)}" if found.missing else "all I need"),
        f"-# {_automod(found)}",
        f"{_mark(found.lacks_limit)} **Limits**{_limits(found)}",
        *(limits.line(rule) for rule in found.rules[:MOST_RULES]),
    ]
    if len(found.rules) > MOST_RULES:
        lines.append(f"- and {len(found.rules) - MOST_RULES} more in `/lipsync-admin quota list`")
    lines.append(f"-# Mouthpiece {VERSION}")
    return "\n".join(lines)


def channel_lacks(channel_id: int, missing: Sequence[str] | None) -> str:
    """What the bot may not do in a channel; None for one that it doesn't see."""
    return f"in <#{channel_id}>, I need {bold(missing)}" if missing else f"<#{channel_id}> is gone, or hidden from me"


def _mark(gap: object) -> str:
    return GAP if gap else DONE


def _verdict(rehearsed: Candidate | Refusal) -> str:
    """Whether members can make videos here: who makes them and for how much, or why not."""
    if isinstance(rehearsed, Refusal):
        return f"{NOT_DONE} **Members can't make videos here.** {rehearsed}"
    price = rehearsed.request.price_usd
    costs = "which doesn't name a price beforehand"
    if price is not None:
        costs = f"about {dollars(price)} each" if price else "free of charge"
    return f"{DONE} **Members can make videos here**: {rehearsed.provider.label}, {costs}."


def _limits(found: Setup) -> str:
    return ": nothing limits what the whole server spends" if found.lacks_limit else ""


def _access(found: Setup) -> str:
    channels = f"{len(found.channels)} channels" if found.channels else "all channels"
    roles = f"{len(found.roles)} roles" if found.roles else "all members"
    return f"{channels}, {roles}, {found.blocked} blocked"


def _automod(found: Setup) -> str:
    if found.reads_automod:
        return "This server's AutoMod keyword rules apply to what is spoken."
    return (
        "This server's AutoMod keyword rules are not applied to what is spoken: Discord shows them only to bots with "
        "the Manage Server permission."
    )
