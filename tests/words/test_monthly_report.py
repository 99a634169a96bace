"""What a month is said to have cost: spent, foreseen, and not known."""

from __future__ import annotations

from bot.words.monthly_report import csv_of, table
from storage.jobs.ledger import Line

LABELS = {"runcomfy": "RunComfy", "runninghub": "RunningHub"}
KNOWN = Line(42, "runcomfy", "succeeded", None, 2, 10_000, 100_000, spent=100_000)
FORESEEN = Line(42, "runninghub", "succeeded", None, 1, 5_000, 58_800)
NOT_KNOWN = Line(42, "kling_gateway", "succeeded", None, 3, 15_000, 0, unpriced=3)


def test_the_report_says_how_much_of_a_sum_is_an_estimate() -> None:
    said = table("November", [KNOWN, FORESEEN], LABELS)
    assert "3 of 3 videos made, 15 s counted, $0.16 ($0.06 of it by the providers' price lists)" in said
    assert "RunComfy: 2 of 2 videos made, 10 s counted, $0.10\n" in said


def test_what_nobody_knows_is_said_not_to_be_known() -> None:
    said = table("November", [KNOWN, NOT_KNOWN], LABELS)
    assert "$0.10, and 3 videos whose price is not known" in said


def test_the_file_has_estimates_in_a_column_of_their_own() -> None:
    _, known, foreseen, not_known = csv_of([KNOWN, FORESEEN, NOT_KNOWN], LABELS).splitlines()
    assert known.endswith("0.1000,0.0000,0")
    assert foreseen.endswith("0.0588,0.0588,0")
    assert not_known.endswith("0.0000,0.0000,3")
