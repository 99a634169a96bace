"""What is particular to ai.alad.com."""

from __future__ import annotations

import pytest

from bot.net.client import Http
from bot.net.faults import BadKey, InputRejected
from bot.net.transport import open_transport
from bot.providers.alad import Alad
from tests.providers.far_end import far_end
from tests.providers.samples import Reply

KEY = {"api_key": "al-canary-0001"}
NO_CALL = Reply('{"message": "Invalid URL"}', 404)
NO_TASK = Reply('{"code": "task_not_exist", "message": "task_not_exist", "data": null}', 400)


async def check(*replies: Reply) -> int:
    """How many calls it took to find the key good."""
    async with far_end() as end, open_transport({end.host}) as transport:
        end.says(*replies)
        await Alad(Http(transport), end.base_url).check_key(KEY)
        return len(end.heard)


async def test_a_key_is_tested_where_tasks_are_asked_about_as_well() -> None:
    assert await check(NO_TASK) == 1
    assert await check(NO_CALL, NO_TASK) == 2


async def test_a_key_that_neither_address_takes_is_refused() -> None:
    with pytest.raises(InputRejected):
        await check(NO_CALL, NO_CALL)
    with pytest.raises(BadKey):
        await check(NO_CALL, Reply('{"error": {"message": "invalid token"}}', 401))
