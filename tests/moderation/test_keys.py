"""What moderators do with keys."""

from __future__ import annotations

import asyncio

from bot.moderation.keys import TESTED_AT_ONCE
from tests.conftest import OTHER_GUILD
from tests.scripted import Keyed, scripted, until
from tests.world import World


class Unanswered(Keyed):
    """A provider that answers to no test of a key but those that are good."""

    testing = 0

    async def check_key(self, credentials: object) -> None:
        if "good" not in str(credentials):
            self.testing += 1
            await asyncio.Event().wait()


async def test_keys_whose_tests_never_end_are_tested_a_few_at_once_and_hold_up_no_other_server(world: World) -> None:
    provider, keys = scripted(world, Unanswered), world.client.services.keys
    assert isinstance(provider, Unanswered)
    at_once = TESTED_AT_ONCE - TESTED_AT_ONCE // 4  # a quarter is left for other servers
    typed = {"api_key": "hangs-for-ever"}
    hanging = [asyncio.create_task(keys.add(world.guild.id, "scripted", typed, added_by=n)) for n in range(50)]
    await until(lambda: provider.testing == at_once)
    hint, _ = await keys.add(OTHER_GUILD, "scripted", {"api_key": "a-good-one"}, added_by=1)
    await keys.test(OTHER_GUILD, "scripted", by=1)
    assert hint == "-one"
    assert provider.testing == at_once
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
