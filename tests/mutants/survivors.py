"""What mutmut has found, and which of it is known to change nothing that a test could notice."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

NOTICED = frozenset({"killed", "timeout", "caught by type check"})
KNOWN = Path(__file__).parent / "known.toml"
_RESULT = re.compile(r"^\s*(?P<name>\S+__mutmut_\d+): (?P<outcome>.+)$", re.MULTILINE)
_NAME = re.compile(r"^(?P<module>.+)\.x(?:_|ǁ(?P<class>\w+)ǁ)(?P<function>\w+)__mutmut_\d+$")


@dataclass(frozen=True, slots=True)
class Change:
    """What a mutant changes: in which function, which lines, and what stands there instead. Numbers of mutants change
    with every edit, this only with the lines themselves.
    """

    where: str
    was: str
    becomes: str


def results(told: str) -> dict[str, str]:
    """The outcome of each mutant, by its name, from what `mutmut results` prints."""
    return {found["name"]: found["outcome"].strip() for found in _RESULT.finditer(told)}


def change(name: str, diff: str) -> Change:
    """What the mutant of that name changes, from the diff that `mutmut show` prints."""
    found = _NAME.match(name)
    if not found:
        raise ValueError(f"{name} is no name of a mutant")
    where = ".".join(filter(None, (found["module"], found["class"], found["function"])))
    return Change(where, _lines(diff, "-"), _lines(diff, "+"))


def known() -> dict[Change, str]:
    """The changes that nothing can notice, and why."""
    groups = tomllib.loads(KNOWN.read_text(encoding="utf-8"))["known"]
    return {Change(one["in"], one["was"], one["is"]): group["why"] for group in groups for one in group["changes"]}


def unlisted(survivors: Iterable[Change], listed: Iterable[Change]) -> list[Change]:
    """The survivors that are not listed."""
    expected = set(listed)
    return [one for one in survivors if one not in expected]


def _lines(diff: str, sign: str) -> str:
    lines = [line[1:].strip() for line in diff.splitlines() if line.startswith(sign) and not line.startswith(3 * sign)]
    return "\n".join(lines)
