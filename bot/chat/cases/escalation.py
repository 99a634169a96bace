"""Sees to it that what moderators have to decide reaches somebody, and that no card goes on asking once it is decided.

The one place that decides who is told: the log channel, else the server's channel for moderators' notices, else whoever
set the bot up, by direct message, else the next moderator who uses the bot. What is open, and what is decided, is read
from the rows of jobs, reports and keys, so a life of the bot goes on where the last one ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from weakref import WeakValueDictionary

from bot.chat.cases.posts import CasePosts
from bot.chat.errors import PostFailed, PostRefused
from bot.clock import Clock
from bot.domain.job import Stores
from bot.providers.base import Provider
from bot.words.admin import cases as words
from storage.servers.case import Case, CaseCard, CaseKind, Told

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # between two looks at what is open and what is decided
AGAIN_SECONDS = 30.0  # after a post that failed
CHANNELS: tuple[Told, ...] = ("log", "notices")
TELL_PATIENCE = 10.0  # seconds for which whoever reports a video waits to hear who was told


class Escalation:
    """Tells of cases and brings their cards up to date, one server's at a time."""

    def __init__(self, posts: CasePosts, stores: Stores, providers: Mapping[str, Provider], clock: Clock) -> None:
        self._posts = posts
        self._stores = stores
        self._cases = stores.cases
        self._providers = providers
        self._clock = clock
        self._begun_at = clock.now()
        self._not_before: dict[int, float] = {}
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def run(self) -> None:
        """Until cancelled."""
        await self._cases.catch_up()
        while True:
            now = self._clock.monotonic()
            due = [one for one in await self._cases.due() if now >= self._not_before.get(one, 0.0)]
            await asyncio.gather(*(self.look(guild_id) for guild_id in due))
            await self._clock.sleep(LOOK_SECONDS)

    async def look(self, guild_id: int) -> None:
        """Bring everything in the server up to date; what Discord doesn't take now is tried again later."""
        lock = self._locks.setdefault(guild_id, asyncio.Lock())
        async with lock:
            try:
                for case in await self._cases.decided(guild_id):
                    await self._settle(case)
                for case in await self._cases.to_tell(guild_id):
                    await self._tell(case)
            except PostFailed as fault:
                log.info("the moderators of server %s: %s; again later", guild_id, fault)
                self._not_before[guild_id] = self._clock.monotonic() + AGAIN_SECONDS
            else:
                self._not_before.pop(guild_id, None)

    async def found(self, guild_id: int, kind: CaseKind, subject_id: int, channel_id: int, message_id: int) -> None:
        """Learn of a card in a channel that tells of this case, such as an earlier version's."""
        await self._cases.found(guild_id, kind, subject_id, CaseCard(channel_id, message_id))

    async def told(self, guild_id: int, kind: CaseKind, subject_id: int) -> Told | None:
        """Tell of a case now if nobody was told yet; who was, None while that isn't known."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TELL_PATIENCE):
                await self.look(guild_id)
        case = await self._cases.find(guild_id, kind, subject_id)
        return case.told if case else None

    async def _tell(self, case: Case) -> None:
        told: Told = "nobody"
        card, facts = None, case.facts
        chosen = (await self._stores.guilds.policy(case.guild_id)).log_channel_id
        try:
            about = await self._about(case)
            if about.key:
                facts = {"provider": about.key.provider, "hint": about.key.hint}
            told, card = await self._reach(case, about, chosen)
        except (KeyError, ValueError):  # a damaged row, or another version's; it must not hold up those after it
            log.exception("a case of the kind %s can't be told", case.kind)
        await self._cases.tell(case, told, card, facts, log_channel_id=chosen)

    async def _reach(
        self, case: Case, about: words.Subject, log_channel_id: int | None
    ) -> tuple[Told, CaseCard | None]:
        """Try one place after the other until one takes the case, or has it already. `PostFailed` while one may take it
        later.
        """
        text, direct = words.in_channel(case, about, self._providers), words.directly(case, about, self._providers)
        if text is None or direct is None:
            return "nobody", None
        facts, posted = await self._stores.guilds.facts(case.guild_id), await self._cases.cards(case)
        looking = case.since < self._begun_at  # a life before this one may have posted it
        notices = facts.notices_channel_id if facts else None
        for told, channel_id in zip(CHANNELS, (log_channel_id, notices), strict=True):
            if channel_id is None:
                continue
            card = next((card for card in posted if card.channel_id == channel_id), None)
            card = card or await _taken(self._posts.in_channel(case, channel_id, text, looking=looking))
            if card:
                return told, card
        if facts is None:
            raise PostFailed(problem="Discord has not told yet where they get notices")
        for member_id in await self._persons(case, about):
            card = next((card for card in posted if card.is_direct), None)
            card = card or await _taken(self._posts.directly(case, member_id, direct, looking=looking))
            if card:
                return "person", card
        return "nobody", None

    async def _persons(self, case: Case, about: words.Subject) -> list[int]:
        """Who may be written to: whoever saved the key that it is about, then whoever set the bot up."""
        known = (about.key.added_by if about.key else None, await self._stores.guilds.set_up_by(case.guild_id))
        return list(dict.fromkeys(filter(None, known)))

    async def _settle(self, case: Case) -> None:
        """Let every card show the decision; one that is gone needs none."""
        try:
            text = words.decided(case, await self._about(case), self._providers)
        except ValueError:  # a damaged row
            log.exception("a case of the kind %s can't be read any more", case.kind)
            text = words.decided(case, words.Subject(), self._providers)
        for card in await self._cases.cards(case):
            try:
                await self._posts.edit(case, card, text)
            except PostRefused as refused:
                log.info("a card can't show what was decided: %s", refused)
        await self._cases.close(case)

    async def _about(self, case: Case) -> words.Subject:
        """What the case is about, as it is now."""
        facts, stores = await self._stores.guilds.facts(case.guild_id), self._stores
        server = facts.name if facts else None
        if case.kind == "key_off":
            keys = await stores.keys.shown(case.guild_id)
            return words.Subject(key=next((key for key in keys if key.id == case.subject_id), None), server=server)
        job = await stores.jobs.get(case.guild_id, case.subject_id)
        return words.Subject(job, await stores.reports.of(case.guild_id, case.subject_id), server=server)


async def _taken(posting: Awaitable[CaseCard]) -> CaseCard | None:
    """The card that Discord took, None where it refuses one."""
    try:
        return await posting
    except PostRefused as refused:
        log.info("moderators can't be told there: %s", refused)
        return None
