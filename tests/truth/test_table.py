"""The table of endings is whole: every failure code has its ways, and every sentence about money its claim."""

from __future__ import annotations

import re

import pytest

from bot.words.failures import FAILURES
from tests.truth.claims import FAILURE_CLAIMS, SENTENCES
from tests.truth.ways import CODES

ABOUT_MONEY = re.compile(r"\b(charge[sd]?|cost|pays?|paid|free|counts?|spent|nothing was sent)\b", re.IGNORECASE)


@pytest.mark.parametrize("code", sorted(FAILURES))
def test_every_failure_code_has_a_row(code: str) -> None:
    assert code in CODES


def test_there_are_no_rows_of_codes_that_are_gone() -> None:
    assert {*FAILURES, None} >= CODES


@pytest.mark.parametrize("module", SENTENCES, ids=lambda module: module.__name__)
def test_every_named_sentence_has_its_claim(module: object) -> None:
    named = {name for name, value in vars(module).items() if name.isupper() and isinstance(value, str)}
    assert named - {"DEFAULT_MARK", "MISSING", "THROWN_AWAY"} == set(SENTENCES[module])  # type: ignore[index]


@pytest.mark.parametrize("code", sorted(code for code, failure in FAILURES.items() if ABOUT_MONEY.search(failure.long)))
def test_every_failure_that_speaks_of_money_has_its_claim(code: str) -> None:
    assert code in FAILURE_CLAIMS
