"""What odd answers are made into: amounts and waits within bounds, whatever is said."""

from __future__ import annotations

import json
from decimal import Decimal
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from bot.net.lenient import MOST_RETRY_AFTER, Courtesy, Usd, Word, cleaned, retry_after, text_of, usd

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("0", "0"), ("-0.0", "0"), ("0.05", "0.05"), ("1e-3", "0.001"), ("9999.99", "9999.99"), ("3", "3"),
        ("0.0000001", "0.000001"), ("1e-99999", "0.000001"), ("0.00240000000000000001", "0.0024"),
        ("0.05" + 36 * "0", "0.05"),
    ],
)  # fmt: skip
def test_an_amount_of_money_is_taken_as_it_is_said(said: str, amount: str) -> None:
    assert usd(said) == usd(Decimal(said)) == Decimal(amount)
    assert len(f"{usd(said):f}") < 20


@pytest.mark.parametrize(
    "said",
    [
        -0.07, "-0.07", 10_000, "1e30", 1e30, float("nan"), float("inf"), float("-inf"), "NaN", "sNaN", "Infinity", "",
        "1" * 10_000, "0." + "0" * 10_000 + "1", True, None, [], {"usd": 1}, "1 $", "9" * 40,
        "1e999999999999999999", Decimal("NaN"), "0.05" + 37 * "0", 9999.9999999, "9999.9999999999",
    ],
)  # fmt: skip
def test_an_amount_of_money_out_of_bounds_counts_as_not_said(said: Any) -> None:
    assert usd(said) is None


JSON = st.floats() | st.integers() | st.text() | st.decimals() | st.lists(st.integers(), max_size=2) | st.none()


@given(JSON)
def test_whatever_is_said_of_money_is_none_or_within_bounds(said: Any) -> None:
    amount = usd(said)
    assert amount is None or 0 <= amount < 10_000


def test_what_json_knows_beyond_numbers_is_no_amount() -> None:
    assert usd(10**5000) is None  # too long to be written out
    assert [usd(said) for said in json.loads("[NaN, Infinity, -Infinity, 1e400]")] == [None] * 4


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("-5", 0.0),
        ("1e300", MOST_RETRY_AFTER),
        ("inf", None),
        ("nan", None),
        ("9" * 10_000, None),
        ("soon", None),
        ("", None),
        (formatdate(NOW + 60, usegmt=True), 60.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MOST_RETRY_AFTER),
        ("Fri, 31 Dec 9999 23:59:59 -2359", MOST_RETRY_AFTER),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 0.0),
        ("Mon, 01 Jan 0001 00:00:00", 0.0),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", None),
    ],
)
def test_a_wait_that_is_asked_for_is_bounded_whatever_its_date(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text(max_size=60) | st.from_regex(r"Mon, \d{1,3} Jan \d{1,20} \d{1,3}:\d\d:\d\d ([+-]\d{1,20}|GMT|)"))
def test_no_header_breaks_the_reading_of_it(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= MOST_RETRY_AFTER


@pytest.mark.parametrize(
    ("said", "text"), [("9f-1", "9f-1"), (" 9f ", "9f"), (8652895758317035811, "8652895758317035811")]
)
def test_an_id_is_a_text_or_a_number(said: Any, text: str) -> None:
    assert text_of(said) == text


@pytest.mark.parametrize("said", [None, True, False, 0, 2.5, "", " ", [], ["9f"], {}, {"id": "9f"}, "9" * 8193])
def test_nothing_else_is_an_id(said: Any) -> None:
    assert text_of(said) == ""


def test_the_key_and_halves_of_characters_are_taken_out_of_an_answer_wherever_they_stand() -> None:
    said = {"canary-1": ["x canary-1 y", {"a": "half \ud83d"}], "count": 3, "none": None}
    assert cleaned(said, "canary-1") == {"[key]": ["x [key] y", {"a": "half ?"}], "count": 3, "none": None}
    assert cleaned(said, "") == {"canary-1": ["x canary-1 y", {"a": "half ?"}], "count": 3, "none": None}


class Answer(BaseModel):
    place: Courtesy[int] = None
    cost: Usd = None
    word: Word = ""


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({}, (None, None, "")),
        ({"place": 3, "cost": "0.05", "word": "queued"}, (3, Decimal("0.05"), "queued")),
        ({"place": "soon", "cost": "much", "word": 7}, (None, None, "")),
    ],
)
def test_an_odd_field_that_matters_to_nobody_counts_as_not_said(said: dict[str, Any], read: tuple[Any, ...]) -> None:
    answer = Answer.model_validate(said)
    assert (answer.place, answer.cost, answer.word) == read
