"""A short campaign of the one that `make crash` runs at length."""

from __future__ import annotations

import pytest

from tests.crash.campaign import run


@pytest.mark.timeout(240)
async def test_pulling_the_plug_loses_nothing_and_doubles_nothing() -> None:
    report = await run(kills=6, seed=20)
    assert list(report.violations) == []
    assert report.jobs.total() > 3
