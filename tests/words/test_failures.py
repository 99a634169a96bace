"""Every code that a job's row can hold has its words, and nothing else has."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from bot.net.faults import KEY_FAULTS, NotAccepted, ProviderError
from bot.words.failures import FAILURES, in_short, why_switched_off
from storage.engine.encryption import LOST
from tests.test_architecture import MODULES, ROOT, under

# Where a code is handed over that comes to stand in a row: the call and the place or name of its argument.
HANDED_OVER: dict[str, int | str] = {
    "ended": 2,
    "Failed": 0,
    "_not_taken": 2,
    "_rest_kept": 1,
    "end_damaged": "failure",
}


def texts(node: ast.AST | None) -> set[str]:
    """Every text in an expression."""
    return {
        it.value for it in ast.walk(node or ast.Pass()) if isinstance(it, ast.Constant) and isinstance(it.value, str)
    }


def handed_over() -> Iterator[tuple[str, set[str]]]:
    """The texts in each argument that is a code, by the name of what is called; changes of a row by the field."""
    for module, path in MODULES.items():
        if under(module, ("bot.sandbox",)):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                match HANDED_OVER.get(name):
                    case int(place):
                        yield name, texts(next(iter(node.args[place:]), None))
                    case str(keyword):
                        yield name, texts(next((it.value for it in node.keywords if it.arg == keyword), None))
            elif isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "failure":
                        yield "failure", texts(value)


def faults(base: type[ProviderError] = ProviderError) -> Iterator[type[ProviderError]]:
    """The faults that end a job: after `NotAccepted` it is tried again, until the deadline, which has its own code."""
    for fault in base.__subclasses__():
        if fault is not NotAccepted:
            yield fault
            yield from faults(fault)


def migrated() -> Iterator[str]:
    """The codes that migrations write."""
    for file in (ROOT / "storage" / "engine" / "migrations").glob("*.sql"):
        yield from re.findall(r"SET\s+failure = '(\w+)'", file.read_text(encoding="utf-8"))


FOUND: defaultdict[str, set[str]] = defaultdict(set)
for name, codes in handed_over():
    FOUND[name] |= codes
WRITTEN = set().union(*FOUND.values(), {fault.code for fault in faults()}, migrated())


@pytest.mark.parametrize("name", [*HANDED_OVER, "failure"])
def test_the_search_for_codes_finds_each_of_the_places_it_knows(name: str) -> None:
    assert FOUND[name]


@pytest.mark.parametrize("code", sorted(WRITTEN))
def test_every_code_that_can_be_written_into_a_row_has_words(code: str) -> None:
    assert FAILURES[code].long
    assert FAILURES[code].short


def test_no_words_are_kept_for_what_cannot_happen() -> None:
    assert set(FAILURES) == WRITTEN


def test_whatever_switches_a_key_off_has_words_for_it() -> None:
    assert {code for code, failure in FAILURES.items() if failure.of_key} == KEY_FAULTS | {LOST}


def test_a_code_of_another_version_still_has_a_line_in_a_table() -> None:
    assert in_short("of_tomorrow") == "of_tomorrow"
    assert why_switched_off("of_tomorrow") == why_switched_off(None) == "it was refused"
