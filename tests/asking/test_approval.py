"""Which videos wait for a moderator's yes: to the cent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.asking.approval import APPROVAL_SECONDS, longest_wait, must_wait
from bot.asking.server import Server
from bot.preflight.fit import Candidate
from storage.servers.guilds import Policy
from tests.asking.test_access import ASK
from tests.jobs.steps.alone import job_in, named

MODERATOR = replace(ASK, asker=replace(ASK.asker, is_moderator=True))


def candidates(*prices: str | None) -> list[Candidate]:
    request = job_in("queued").request
    return [
        Candidate(named("first"), request.model_copy(update={"price_usd": None if price is None else Decimal(price)}))
        for price in prices
    ]


def server(approval: Any, cents: int = 0, *, has_succeeded: bool = True) -> Server:
    return Server(policy=Policy(approval=approval, approval_cents=cents), has_succeeded=has_succeeded)


@pytest.mark.parametrize("approval", ["always", "first", "above"])
def test_moderators_need_nobodys_yes(approval: Any) -> None:
    assert longest_wait(MODERATOR, server(approval)) == 0.0
    assert not must_wait(MODERATOR, server(approval, has_succeeded=False), candidates("9", None))


def test_where_nothing_waits_nobody_does() -> None:
    assert longest_wait(ASK, server("off")) == 0.0
    assert not must_wait(ASK, server("off", has_succeeded=False), candidates("9", None))


def test_a_moderators_yes_is_waited_for_half_a_day() -> None:
    assert longest_wait(ASK, server("always")) == APPROVAL_SECONDS == 12 * 3600


def test_where_all_videos_wait_a_free_one_does_too() -> None:
    assert must_wait(ASK, server("always", 500), candidates("0"))


@pytest.mark.parametrize("has_succeeded", [True, False])
def test_where_first_videos_wait_the_price_does_not_matter(has_succeeded: bool) -> None:
    waits = must_wait(ASK, server("first", has_succeeded=has_succeeded), candidates("9", None))
    assert waits is not has_succeeded


@pytest.mark.parametrize(
    ("prices", "waits"),
    [
        (("0.50",), False), (("0.500001",), True), (("0.10", "0.51"), True), (("0.10", "0.50"), False),
        ((None,), True), (("0.10", None), True), (("0",), False),
    ],
)  # fmt: skip
def test_above_a_price_a_video_waits_if_any_that_may_be_tried_is_dearer_or_unknown(
    prices: tuple[str | None, ...], waits: bool
) -> None:
    assert must_wait(ASK, server("above", 50, has_succeeded=False), candidates(*prices)) is waits
