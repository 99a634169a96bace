"""A button that doesn't answer, or answers with an error, is found; one that answers as it should is not."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from bot.words.failures import WENT_WRONG
from tests.crash import pressing
from tests.crash.people import People
from tests.crash.pressing import Presser
from tests.crash.world import World
from tests.discord_server.interactions import Interaction

AGAIN = {"type": 1, "components": [{"type": 2, "custom_id": "v1:again:7"}]}


@pytest.mark.parametrize(
    ("answer", "is_dead"), [(None, True), (WENT_WRONG, True), ("**LS-2222** is on its way", False)]
)
async def test_a_button_is_dead_without_an_answer_and_with_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str | None, is_dead: bool
) -> None:
    async def answered(_: Interaction) -> str:
        if answer is None:
            raise TimeoutError
        return answer

    async def to_nobody(*_: object) -> None:
        """No bot is connected."""

    monkeypatch.setattr(pressing, "answer_to", answered)
    world = World(tmp_path, tmp_path)
    monkeypatch.setattr(world.discord.gateway, "send", to_nobody)
    async with world.discord, world.sandbox:
        world.discord.gateway.ready.set()
        world.discord.state.post(world.discord.state.channel_id, {"components": [AGAIN]}, [])
        presser = Presser(world, People(world, [], Random(1)))
        await presser.try_all()
        assert presser.pressed == 1
        assert bool(presser.dead) == is_dead


async def test_a_button_without_an_answer_is_waited_for_no_longer_than_people_would(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pressing, "PATIENCE", 0.01)
    with pytest.raises(TimeoutError):
        await pressing.answer_to(Interaction(1))
