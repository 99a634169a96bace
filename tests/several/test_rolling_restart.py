"""Processes are replaced, one after another, while commands arrive over both ways: nobody notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.several.fleet import open_fleet
from tests.several.rolling import restart
from tests.storage.engines import Schema

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("roles", [("worker", "media"), ("gateway", "HTTP gateway")], ids=" and ".join)
async def test_processes_are_replaced_in_turn_while_commands_arrive_and_each_video_is_made_once(
    postgres: Mapping[Schema, str], in_bucket: dict[str, Any], tmp_path: Path, roles: Sequence[str]
) -> None:
    async with open_fleet(postgres["newest schema"], tmp_path, files=in_bucket) as fleet:
        restarted = await restart(fleet, roles, a_second=3.0)
        assert restarted.violations == []
        assert set(fleet.front.taken) == {"gateway", "HTTP"}
