"""Every button on every message is pressed at the end: it must answer, and not with an error."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bot.chat.custom_ids import (
    AGAIN_PREFIX,
    CHARGED_PREFIX,
    DELETE_PREFIX,
    FREE_PREFIX,
    FULL_PREFIX,
    REMOVE_PREFIX,
    REPORT_PREFIX,
    RESTORE_PREFIX,
    VOICE_PREFIX,
)
from bot.words.admin.cases import reported
from bot.words.answers import decisions
from bot.words.refusals.results import AlreadyDecided
from tests.crash.people import MODAL, People, buttons_in
from tests.crash.world import World
from tests.discord_server.interactions import Interaction
from tests.discord_server.state import Json

PATIENCE = 30.0  # seconds for each
FORM = "a form"
REPORTED = reported("notices", hidden=True, hides_again_at=None)
# How each answer may begin.
ANSWERS: Mapping[str, str | tuple[str, ...]] = {
    FULL_PREFIX: "The full video of ",
    VOICE_PREFIX: FORM,
    AGAIN_PREFIX: "**LS-",
    REPORT_PREFIX: REPORTED,
    RESTORE_PREFIX: (decisions.restored(shown=True), str(AlreadyDecided())),
    REMOVE_PREFIX: decisions.DELETED,
    DELETE_PREFIX: decisions.DELETED,
    CHARGED_PREFIX: "LS-",
    FREE_PREFIX: "LS-",
}


class Presser:
    """Presses, and collects what doesn't answer as it should."""

    def __init__(self, world: World, people: People) -> None:
        self._world = world
        self._people = people
        self.pressed = 0
        self.dead: list[str] = []

    async def try_all(self) -> None:
        """Press what changes no result, once moderators have restored what is reported."""
        await self._press_each(RESTORE_PREFIX, FULL_PREFIX, VOICE_PREFIX, AGAIN_PREFIX)

    async def take_all_away(self) -> None:
        """Report and delete every result. Of those that are reported, moderators remove every other one; what they
        restore is deleted by whoever asked for it. Of what nobody knows the costs, they call every other one charged.
        """
        for number, (message, charged) in enumerate(self._buttons(CHARGED_PREFIX)):
            await self._press(message, charged.replace(CHARGED_PREFIX, FREE_PREFIX) if number % 2 else charged)
        state = self._world.discord.state
        asker = state.member
        for number, (message, report) in enumerate(self._buttons(REPORT_PREFIX)):
            job_id = report.removeprefix(REPORT_PREFIX)
            state.member = state.user(f"reporter-{number}")  # each member may report a few an hour
            said = await self._press(message, report)
            state.member = asker
            if said == REPORTED:
                await self._decide(f"{REMOVE_PREFIX if number % 2 else RESTORE_PREFIX}{job_id}")
        await self._press_each(DELETE_PREFIX)

    async def _press_each(self, *prefixes: str) -> None:
        for prefix in prefixes:
            for message, button in self._buttons(prefix):
                await self._press(message, button)

    async def _decide(self, button: str) -> None:
        """Press a button on the card that asks the moderators, once that is there."""
        try:
            await self._world.discord.until(lambda: self._cards_with(button), PATIENCE)
        except TimeoutError:
            self.dead.append(f"{button} never comes")
            return
        await self._press(self._cards_with(button)[0], button)

    async def _press(self, message: Json, button: str) -> str:
        """What is answered; nothing where nothing is."""
        self.pressed += 1
        pressed = await self._people.did(button, self._world.discord.people.click(message, button))
        try:
            said = await answer_to(pressed)
        except TimeoutError:
            self.dead.append(f"{button} doesn't answer")
            return ""
        if not said.startswith(ANSWERS[button.rpartition(":")[0] + ":"]):
            self.dead.append(f"{button} answers {said!r}")
        return said

    def _buttons(self, prefix: str) -> list[tuple[Json, str]]:
        return list(buttons_in(self._world.messages, prefix))

    def _cards_with(self, button: str) -> list[Json]:
        return [message for message, found in self._buttons(button) if found == button]


async def answer_to(pressed: Interaction) -> str:
    """What the person reads in the end, or that a form opens. `TimeoutError` when that takes too long."""
    async with asyncio.timeout(PATIENCE):
        await pressed.acknowledged.wait()
        if pressed.callback and pressed.callback["type"] == MODAL:
            return FORM
        while not (pressed.original or {}).get("content"):
            await asyncio.sleep(0.01)
    assert pressed.original
    return str(pressed.original["content"])
