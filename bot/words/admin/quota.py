"""What moderators are answered about limits and grants."""

from __future__ import annotations

from collections.abc import Sequence

from bot.words import limits
from storage.servers.limit_rules import Grant, Rule
from storage.servers.quota import Pot, Standing

PRECEDENCE = (
    "-# A member's own limit decides; without one, their most generous role's; without that, everyone's. The whole "
    "server's limit holds beside it, always. Windows roll: a video stops counting a day (or hour, week, 30 days) "
    "after it was asked for."
)


def rule_set(rule: Rule) -> str:
    """A limit holds."""
    return f"Set, from the next video on:\n{limits.line(rule)}\n\n{PRECEDENCE}"


def rule_removed(rule: Rule) -> str:
    """A limit holds no more."""
    return f"Taken away:\n{limits.line(rule)}"


def rules_set(rules: Sequence[Rule]) -> str:
    """All limits, after some were changed at once."""
    lines = [limits.line(rule) for rule in rules]
    return "\n".join(["**Limits**, from the next video on", *(lines or ["None."])])


def everything(rules: Sequence[Rule], grants: Sequence[Grant]) -> str:
    """All limits, and all grants that last."""
    lines = [limits.line(rule) for rule in rules]
    text = "\n".join(["**Limits**", *(lines or ["None: everyone may make as much as they like."])])
    if grants:
        text += "\n".join(["\n\n**On top**", *map(limits.grant_line, grants)])
    return f"{text}\n\n{PRECEDENCE}"


def given(grant: Grant) -> str:
    """A grant holds."""
    return (
        f"Given, to each member it is for, once their own limit is used up:\n{limits.grant_line(grant)}\n\n"
        "-# The whole server's limits still hold."
    )


def grant_ended(number: int) -> str:
    """A grant holds no more."""
    return f"Grant #{number} has ended. What was made with it stays."


def standing(member: str, standings: Sequence[Standing], pots: Sequence[Pot]) -> str:
    """How a member stands; `member` is a mention."""
    return f"**{member}**\n{limits.usage(standings, pots, yours=False)}"
