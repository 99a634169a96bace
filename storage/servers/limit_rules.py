"""What a limit is: so many units per window, for each member it is about or for a whole server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Subject = Literal["everyone", "role", "member", "server"]
Unit = Literal["jobs", "seconds", "cents", "active"]
Window = Literal["hour", "day", "week", "month", "now"]

WINDOWS: Mapping[Window, float] = {"hour": 3600.0, "day": 86_400.0, "week": 7 * 86_400.0, "month": 30 * 86_400.0}
LONGEST_WINDOW = max(WINDOWS.values())
SCALE: Mapping[Unit, int] = {"jobs": 1, "seconds": 1000, "cents": 10_000, "active": 1}
RULE_COLUMNS = "subject, subject_id, unit, period AS window, most"
GRANT_COLUMNS = "id, subject, subject_id, unit, amount, reason, given_by, given_at, until_at"
_RANKS: Sequence[Subject] = ("member", "role", "everyone")  # the first that has a rule decides


@dataclass(frozen=True, slots=True)
class Rule:
    """One limit of a server: so many units per window, for each member it is about, or for all of them together."""

    subject: Subject
    subject_id: int
    unit: Unit
    window: Window
    most: int


@dataclass(frozen=True, slots=True)
class Grant:
    """Something on top of the limits in one unit, for each member it is given to."""

    id: int
    subject: Subject
    subject_id: int
    unit: Unit
    amount: int
    reason: str
    given_by: int
    given_at: float
    until_at: float


def binding(rules: Iterable[Rule], member_id: int, role_ids: frozenset[int]) -> list[Rule]:
    """The rules that bind this member: per unit and window their own, else their most generous role's, else everyone's;
    and always the server's.
    """
    found: dict[tuple[Unit, Window], Rule] = {}
    servers: list[Rule] = []
    for rule in rules:
        if rule.subject == "server":
            servers.append(rule)
        elif rule.subject == "everyone" or rule.subject_id in (role_ids if rule.subject == "role" else {member_id}):
            known = found.get((rule.unit, rule.window))
            if known is None or _precedes(rule, known):
                found[rule.unit, rule.window] = rule
    return [*found.values(), *servers]


def _precedes(rule: Rule, known: Rule) -> bool:
    if rule.subject == known.subject:
        return rule.most > known.most
    return _RANKS.index(rule.subject) < _RANKS.index(known.subject)
