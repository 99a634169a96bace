"""What moderators do with keys."""

from __future__ import annotations

import asyncio

import pytest

from bot.moderation.keys import TESTED_AT_ONCE
from bot.words.admin.keys import alert, line
from storage.engine.encryption import CannotUnseal, MasterKeys
from storage.servers.lost_keys import give_up_lost
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


async def test_a_key_whose_master_key_is_lost_is_to_be_saved_again_and_can_be_removed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(world, Keyed)
    keys = world.client.services.keys
    await keys.add(world.guild.id, "scripted", {"api_key": "a-good-one"}, added_by=1)
    another = MasterKeys.parse(MasterKeys.generate("another"))
    assert await give_up_lost(world.parts.database, another) == (1, 1)
    (key,) = await keys.list(world.guild.id)
    for said in (line(key.provider, key.info, None), alert("RunComfy", key.info, "Us")):
        assert "it can't be opened any more, as the bot's master key was lost. Save it again" in said

    async def lost(*_: object) -> None:
        raise CannotUnseal

    monkeypatch.setattr(world.parts.stores.keys, "open", lost)
    await keys.remove(world.guild.id, "scripted", by=1)
    assert await keys.list(world.guild.id) == []
