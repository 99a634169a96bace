"""What people do in the campaign: they ask for videos of every kind, and press buttons."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from bot.chat.custom_ids import (
    AGAIN_PREFIX,
    CANCEL_PREFIX,
    CHARGED_PREFIX,
    FULL_PREFIX,
    MEND_PREFIX,
    REPORT_PREFIX,
    RESTORE_PREFIX,
    VOICE_PREFIX,
)
from bot.domain.voices import voices_of
from bot.words import forms
from tests.crash.footage import long_clip, named_clip, named_sound, plain_clip, small_clip, sound
from tests.crash.world import World
from tests.discord_server.interactions import Interaction
from tests.discord_server.state import Json

LINE = "A line that is long enough to be spoken by anybody, number"
SHORT_TEXTS = ("runcomfy", "kling_gateway", "alad")  # providers for which a longer text is divided
SHORT_CLIPS = ("runcomfy", "kling_gateway")  # those for which a longer clip is trimmed
MODAL = 9  # the type of an answer that opens a form

# What people want, and how often. Those that need edits: a small clip is scaled, a text is made in sections, a part of
# a long clip is put back into it, a large result is made smaller, and is handed out whole in pieces.
WISHES: Mapping[str, int] = {
    "text": 4, "audio": 4, "small clip": 2, "sections": 1, "part": 1, "large": 1,
    "again": 1, "voice": 1, "full": 1, "cancel": 1, "report": 1, "restore": 1, "settle": 1,
}  # fmt: skip
OF_EDITS = ("small clip", "sections", "part", "large", "full")
PRESSED: Mapping[str, str] = {
    "again": AGAIN_PREFIX, "voice": VOICE_PREFIX, "full": FULL_PREFIX, "cancel": CANCEL_PREFIX,
    "report": REPORT_PREFIX, "restore": RESTORE_PREFIX, "settle": CHARGED_PREFIX,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Command:
    """Something that a person did, and when, by Discord's clock."""

    words: str
    at: float
    interaction: Interaction


class People:
    """One member, who wants one thing after the other, of each provider in its turn."""

    def __init__(self, world: World, providers: Iterable[str], random: Random) -> None:
        self._world = world
        self._discord = world.discord
        self._providers = list(providers)
        self._random = random
        self._numbers = 0
        self.commands: list[Command] = []

    def any_wish(self) -> str:
        """What is wanted next."""
        return self._random.choices(list(WISHES), list(WISHES.values()))[0]

    async def wish(self, what: str) -> None:
        """Ask for it, and say yes to what is offered. Where there is no such button to press, ask for another video."""
        offered = list(buttons_in(self._world.messages, PRESSED[what])) if what in PRESSED else []
        if not offered:
            await self._ask("large" if what == "full" else "text" if what in PRESSED else what)
            return
        pressed = await self.did(what, self._discord.people.click(*self._random.choice(offered)))
        if what == "voice":
            await pressed.acknowledged.wait()
            if pressed.callback and pressed.callback["type"] == MODAL:
                said = {forms.SAID.label: f"{LINE} {self._number()}"}
                await self.did("voice form", self._discord.people.submit(pressed, said))

    async def did(self, words: str, doing: Coroutine[Any, Any, Interaction]) -> Interaction:
        """Do it, and remember that."""
        interaction = await doing
        self.commands.append(Command(words, self._world.now(), interaction))
        return interaction

    async def _ask(self, what: str) -> None:
        number = self._number()
        only = {"sections": SHORT_TEXTS, "part": SHORT_CLIPS}.get(what)
        provider = self._random.choice(only) if only else self._providers[number % len(self._providers)]
        clip = {"small clip": small_clip, "part": long_clip}.get(what, plain_clip)()
        given: dict[str, Any] = {"video": (f"{number}.mp4", named_clip(clip, number)), "provider": provider}
        if what == "large":
            self._world.studio.large += 1
        if what == "audio" or (what not in {"text", "sections"} and self._random.random() < 0.5):
            doing = self._discord.people.slash(
                "lipsync audio", audio=(f"{number}.mp3", named_sound(sound(), number)), **given
            )
        else:
            text = f"{LINE} {number}." + (f" {LINE} {number}, once more." if what == "sections" else "")
            voice = next(key for key in voices_of(provider) if key.startswith("en:"))
            doing = self._discord.people.slash("lipsync text", text=text, voice=voice, **given)
        asked = await self.did(f"{what} of {provider}", doing)
        await asked.answered.wait()
        assert asked.original
        for message, button in buttons_in([asked.original], f"{MEND_PREFIX}do:"):
            await self.did("mend", self._discord.people.click(message, button))

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers


def buttons_in(messages: Iterable[Json], prefix: str = "") -> Iterator[tuple[Json, str]]:
    """Every button of these messages whose custom id begins like that, with its message."""
    for message in messages:
        for part in parts_of(message.get("components") or []):
            if str(part.get("custom_id", "")).startswith(prefix) and "custom_id" in part:
                yield message, str(part["custom_id"])


def words_on(message: Json) -> list[str]:
    """What stands on a message that is made of components."""
    return [part["content"] for part in parts_of(message["components"]) if "content" in part]


def parts_of(components: Iterable[Json]) -> Iterator[Json]:
    """Every component, and those in it."""
    for part in components:
        yield part
        yield from parts_of(part.get("components") or [])
