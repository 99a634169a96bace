"""Every ending, at every stage of every provider: what is said of its money is true, and the same everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.truth.trial import ENDINGS, PROVIDERS, representative, try_all


@pytest.mark.timeout(300)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_what_is_said_of_an_ending_is_true(tmp_path: Path, provider: str) -> None:
    assert await try_all(tmp_path, representative(provider)) == {}


@pytest.mark.thorough
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_what_is_said_of_any_ending_at_any_stage_is_true(tmp_path: Path, provider: str) -> None:
    assert await try_all(tmp_path, [(way, spot) for way, spot in ENDINGS if spot.provider == provider]) == {}
