"""A few events of the campaign, as one test; `python -m tests.several.campaign` makes many."""

from __future__ import annotations

import pytest

from tests.several.campaign import run

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(600)]


async def test_nothing_is_lost_paid_twice_or_posted_twice_whatever_becomes_of_the_processes() -> None:
    assert await run(15, 7, "") == 0


async def test_without_the_fence_the_campaign_finds_what_was_paid_twice() -> None:
    assert await run(20, 3, "fence", ("before a request",)) == 1


async def test_without_the_owner_the_campaign_finds_what_was_paid_twice() -> None:
    assert await run(8, 3, "owner", ("overtaken",)) == 1
