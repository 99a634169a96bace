"""The words of limits: rules, what is left of them, and when there is more. No Discord here.

Roles and members are written as mentions, which Discord shows as names; nothing here pings anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.words.english import listed, person, quoted
from storage.servers.limit_rules import SCALE, Grant, Rule, Subject, Unit
from storage.servers.quota import OverLimit, Pot, Standing


def amount(unit: Unit, number: float) -> str:
    """So much of a unit: `3 videos`, `90 s of video`, `$1.50`."""
    if unit == "cents":
        return f"${number / 100:.2f}"
    if unit == "seconds":
        return f"{_plain(number)} s of video"
    at_once = " at once" if unit == "active" else ""
    return f"{_plain(number)} video{'' if number == 1 else 's'}{at_once}"


def _plain(number: float) -> str:
    return f"{number:,.2f}".rstrip("0").rstrip(".")


def exact(unit: Unit, small: int) -> str:
    """The same from the small unit in which is counted."""
    return amount(unit, round(small / SCALE[unit], 2))


def limit(rule: Rule) -> str:
    """`3 videos a day`, `2 videos at once`."""
    return amount(rule.unit, rule.most) + ("" if rule.unit == "active" else f" {per(rule)}")


def per(rule: Rule) -> str:
    """`a day`, `an hour`."""
    return f"an {rule.window}" if rule.window == "hour" else f"a {rule.window}"


def subject(kind: Subject, subject_id: int) -> str:
    """Whom a rule or a grant is about."""
    return {
        "server": "The whole server",
        "everyone": "Everyone",
        "role": f"<@&{subject_id}>",
        "member": f"<@{subject_id}>",
    }[kind]


def source(rule: Rule) -> str:
    """Why a rule binds this person."""
    return {
        "server": "for the whole server",
        "everyone": "for everyone",
        "role": f"via <@&{rule.subject_id}>",
        "member": "for you alone",
    }[rule.subject]


def line(rule: Rule) -> str:
    """One rule in a list."""
    return f"- **{subject(rule.subject, rule.subject_id)}**: {limit(rule)}"


def grant_line(grant: Grant) -> str:
    """One grant in a list."""
    return (
        f"- `#{grant.id}` **{subject(grant.subject, grant.subject_id)}**: {amount(grant.unit, grant.amount)} more, "
        "until "
        f"<t:{int(grant.until_at)}:f> · “{quoted(grant.reason)}” · by {person(grant.given_by)}"
    )


def standing_line(standing: Standing) -> str:
    """What is left under a rule, and when there is more."""
    rule = standing.rule
    if rule.unit == "active":
        return f"- {limit(rule)} ({source(rule)}): **{standing.used}** under way"
    most = rule.most * SCALE[rule.unit]
    more = f", more <t:{int(standing.more_at) + 1}:R>" if standing.more_at and standing.used else ""
    left = f"**{exact(rule.unit, standing.left)}** left"
    over = " (more than the limit is used)" if standing.used > most else ""
    return f"- {limit(rule)} ({source(rule)}): {left}{over}{more}"


def pot_line(pot: Pot) -> str:
    """What is left of a grant."""
    left = exact(pot.grant.unit, pot.left)
    return f"- On top: **{left}** left until <t:{int(pot.grant.until_at)}:f> (“{quoted(pot.grant.reason, 40)}”)"


def remaining(standings: Iterable[Standing]) -> str:
    """What is left, on one short line; the tightest of each unit only."""
    tightest: dict[Unit, Standing] = {}
    for standing in standings:
        unit = standing.rule.unit
        if unit != "active" and (unit not in tightest or standing.left < tightest[unit].left):
            tightest[unit] = standing
    return f"Left for you: {listed([_left(found) for found in tightest.values()])}." if tightest else ""


def _left(standing: Standing) -> str:
    whole = "the server's " if standing.rule.subject == "server" else ""
    more = f" (more <t:{int(standing.more_at) + 1}:R>)" if standing.more_at else ""
    return f"**{exact(standing.rule.unit, standing.left)}** of {whole}{limit(standing.rule)}{more}"


def refusal(over: OverLimit) -> str:
    """Which rule stands against a job, with its number and the time at which there is more."""
    standing, rule = over.standing, over.standing.rule
    whole = rule.subject == "server"
    if rule.unit == "active":
        who = "This server has" if whole else "You have"
        return (
            f"{who} {amount('jobs', standing.used)} under way, and the limit is {limit(rule)} ({source(rule)}). "
            "Try again when one is done"
        )
    needed = over.claim.needs(rule.unit)
    if needed > rule.most * SCALE[rule.unit]:
        return f"This needs {exact(rule.unit, needed)}, and the limit is {limit(rule)} ({source(rule)})"
    who = "This server has" if whole else "You have"
    more = f". There is enough again <t:{int(standing.more_at) + 1}:R>" if standing.more_at else ""
    return (
        f"{who} used {exact(rule.unit, standing.used)} of {limit(rule)} ({source(rule)}), and this needs "
        f"{exact(rule.unit, needed)}{more}"
    )


def usage(standings: Sequence[Standing], pots: Sequence[Pot], *, yours: bool = True) -> str:
    """Everything that binds a member, and what is left."""
    lines = [standing_line(standing) for standing in standings]
    lines += [pot_line(pot) for pot in pots if pot.left]
    text = "\n".join(lines) or "There are no limits here."
    return text if yours else text.replace("for you alone", "for this member alone")
