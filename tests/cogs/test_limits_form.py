"""Limits as they are typed and shown again: dollars to the cent, and nothing that is no number."""

from __future__ import annotations

import pytest

from bot.words.refusals.limits import BadNumber
from cogs.admin.limits_form import MOST, _read, _written
from storage.servers.limit_rules import Rule

JOBS, CENTS = Rule("everyone", 0, "jobs", "day", 0), Rule("server", 0, "cents", "month", 0)


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("5", 500), ("$5", 500), (" $ 5.5 ", 550), ("0.29", 29), ("1.13", 113), ("0", 0), ("0.01", 1), ("10000", MOST),
        ("", None), ("  ", None), ("$", None),
    ],
)  # fmt: skip
def test_an_amount_of_money_is_typed_in_dollars(typed: str, cents: int | None) -> None:
    assert _read(CENTS, "money", typed) == cents


@pytest.mark.parametrize(("typed", "jobs"), [("3", 3), (" 3 ", 3), ("0", 0), ("1000000", MOST), ("", None)])
def test_other_limits_are_whole_numbers(typed: str, jobs: int | None) -> None:
    assert _read(JOBS, "videos", typed) == jobs


@pytest.mark.parametrize(
    ("rule", "typed"),
    [
        (CENTS, "-0.01"), (CENTS, "10000.01"), (CENTS, "nan"), (CENTS, "inf"), (CENTS, "1e999"), (CENTS, "5 $"),
        (CENTS, "five"), (JOBS, "-1"), (JOBS, "1000001"), (JOBS, "2.5"), (JOBS, "many"),
    ],
)  # fmt: skip
def test_what_is_no_number_within_bounds_is_told_with_its_field(rule: Rule, typed: str) -> None:
    with pytest.raises(BadNumber) as refused:
        _read(rule, "The field", typed)
    assert f"“{typed}” is no number for “The field”" in str(refused.value)


def test_of_a_long_text_only_the_beginning_is_told() -> None:
    with pytest.raises(BadNumber, match=f"“{'x' * 20}” is no number"):
        _read(JOBS, "videos", "x" * 30)


@pytest.mark.parametrize("most", [0, 1, 29, 100, 550, 999_999, MOST])
def test_what_holds_is_shown_as_it_would_be_typed(most: int) -> None:
    for rule in (CENTS, JOBS):
        assert _read(rule, "", _written(rule, most)) == most
    assert _written(CENTS, 550) == "5.5"
