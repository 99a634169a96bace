"""What people do in a campaign: they ask for videos and cancel some, whichever process hears that."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from random import Random

from bot.chat.custom_ids import CANCEL_PREFIX
from bot.domain.voices import voices_of
from tests.crash.people import buttons_in
from tests.several.books import ACCEPTED, NOT_STARTED
from tests.several.fleet import TEXT, Fleet

EDITED, CANCELLED = 0.3, 0.15  # of what is asked for
VOICES = {name: next(iter(voices_of(name))) for name in ("runcomfy", "runware")}  # runware looks lost requests up
ANSWERED_SECONDS = 60.0  # in which somebody whose process died is answered by another one


class People:
    """One member, who waits for no answer before the next command."""

    def __init__(self, fleet: Fleet, random: Random) -> None:
        self._fleet = fleet
        self._random = random
        self._doing = set[asyncio.Task[None]]()
        self.told: dict[str, str] = {}  # by text
        self.answers: Counter[str] = Counter()

    def go_on(self) -> None:
        """Begin to ask for one or two videos, and now and then to cancel one."""
        for _ in range(self._random.randint(1, 2)):
            number, provider = len(self.told) + 1, self._random.choice(sorted(VOICES))
            text = f"{TEXT}, number {number}"
            self.told[text] = ""
            self._do(self._ask(text, provider, edited=self._random.random() < EDITED))
        if self._random.random() < CANCELLED:
            self._do(self._cancel())

    async def until_answered(self) -> None:
        """Wait until nobody waits any more."""
        await asyncio.gather(*self._doing)

    def _do(self, doing: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(doing)
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    async def _ask(self, text: str, provider: str, *, edited: bool) -> None:
        given = {"text": text, "voice": VOICES[provider], "provider": provider}
        try:
            said = await self._fleet.asked(edited=edited, seconds=ANSWERED_SECONDS, **given)
        except TimeoutError:  # nobody heard it, or whoever did died before writing it down
            said = ""
        self.told[text] = said
        kinds = {"accepted": ACCEPTED.search(said), "not started, as told later": said == NOT_STARTED, "refused": said}
        self.answers[next((kind for kind, is_so in kinds.items() if is_so), "not answered")] += 1

    async def _cancel(self) -> None:
        offered = list(buttons_in(self._fleet.discord.state.messages.values(), CANCEL_PREFIX))
        if offered:
            try:
                pressed = await self._fleet.discord.people.click(*self._random.choice(offered))
                await pressed.answer(ANSWERED_SECONDS)
            except TimeoutError:
                self.answers["press not answered"] += 1
            else:
                self.answers["press answered"] += 1
