"""What a month is said to have cost: spent, foreseen, and not known."""

from __future__ import annotations

from bot.words.monthly_report import csv_of, table
from storage.jobs.ledger import Line

LABELS = {"runcomfy": "RunComfy", "runninghub": "RunningHub"}
KNOWN = Line(42, "runcomfy", "succeeded", None, 2, 10_000, 100_000, spent=100_000)
FORESEEN = Line(42, "runninghub", "succeeded", None, 1, 5_000, 58_800)
NOT_KNOWN = Line(42, "kling_gateway", "succeeded", None, 3, 15_000, 0, unpriced=3)
UNCLEAR = Line(42, "kling", "unknown", "unknown_outcome", 2, 10_000, 140_000, not_known=2, unclear=140_000)


def test_the_report_says_how_much_of_a_sum_is_an_estimate() -> None:
    said = table("November", [KNOWN, FORESEEN], LABELS)
    assert "3 of 3 videos made, 15 s counted, $0.1588 ($0.0588 of it by the providers' price lists)" in said
    assert "RunComfy: 2 of 2 videos made, 10 s counted, $0.10\n" in said


def test_what_nobody_knows_is_said_not_to_be_known() -> None:
    said = table("November", [KNOWN, NOT_KNOWN], LABELS)
    assert "$0.10, and 3 videos whose price is not known" in said


def test_the_file_has_estimates_in_a_column_of_their_own() -> None:
    _, known, foreseen, not_known, unclear = csv_of([KNOWN, FORESEEN, NOT_KNOWN, UNCLEAR], LABELS).splitlines()
    assert known.endswith(",0.100000,0.000000,0,0,0.000000")
    assert foreseen.endswith(",0.058800,0.058800,0,0,0.000000")
    assert not_known.endswith(",0.000000,0.000000,3,0,0.000000")
    assert unclear.endswith(",0.000000,0.000000,0,2,0.140000")


def test_what_may_not_have_been_charged_is_no_part_of_the_sum() -> None:
    said = table("November", [KNOWN, UNCLEAR], LABELS)
    assert "$0.10, and 2 videos for which it is not known whether anything was charged (up to $0.14)\n" in said


def test_less_than_a_cent_is_not_told_as_nothing() -> None:
    tiny = Line(42, "runware", "failed", "content_refused", 1, 5_000, 2_400, spent=2_400)
    assert "$0.0024\n" in table("November", [tiny], LABELS)
