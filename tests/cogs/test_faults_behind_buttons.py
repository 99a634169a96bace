"""Whatever fails behind a button, whoever pressed it reads a sentence, and the operator finds the reason in the log."""

from __future__ import annotations

import logging
from dataclasses import fields, replace
from typing import Any, NoReturn

import discord
import pytest

from bot.app.client import Mouthpiece
from bot.app.services import Services
from bot.chat.custom_ids import (
    AGAIN_PREFIX,
    ATTEST_PREFIX,
    DIRECT_PREFIX,
    FORGET_ID,
    FULL_PREFIX,
    MEND_PREFIX,
    REFUND_PREFIX,
    REPORT_PREFIX,
    VOICE_PREFIX,
)
from tests.world import World

BUTTONS = [
    f"{AGAIN_PREFIX}1",
    f"{VOICE_PREFIX}1",
    f"{REPORT_PREFIX}1",
    f"{FULL_PREFIX}1",
    f"{REFUND_PREFIX}1",
    f"{ATTEST_PREFIX}1",
    f"{MEND_PREFIX}do:1:1",
    f"{MEND_PREFIX}part:1:1",
    f"{MEND_PREFIX}rest:1:1",
    f"{DIRECT_PREFIX}on",
    FORGET_ID,
]


class Broken:
    """Every part of it fails."""

    def __getattr__(self, name: str) -> NoReturn:
        raise RuntimeError(f"no {name}")


def break_everything(client: Mouthpiece) -> None:
    broken: dict[str, Any] = {field.name: Broken() for field in fields(Services) if field.name != "worker"}
    client.services = replace(client.services, **broken)


@pytest.mark.parametrize("custom_id", BUTTONS)
async def test_a_fault_behind_a_button_is_told(world: World, caplog: pytest.LogCaptureFixture, custom_id: str) -> None:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Press", custom_id=custom_id))
    message = await world.client.get_partial_messageable(world.channel.id).send("here", view=view)
    break_everything(world.client)
    with caplog.at_level(logging.ERROR):
        pressed = await world.moderator.click(message, label="Press")
    assert pressed.response
    assert "Something went wrong inside the bot" in pressed.response.content
    assert "an interaction failed" in caplog.text
    assert "RuntimeError" in caplog.text
