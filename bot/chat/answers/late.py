"""Answers what a run of the bot left without an answer, where Discord still takes one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from itertools import count

import discord

from bot.chat.errors import PostFailed, PostRefused
from bot.chat.posting import post_errors
from bot.clock import Clock
from bot.domain.job import Stores
from bot.providers.base import Provider
from bot.words import limits
from bot.words.answers import asked, restarted
from storage.people.unanswered import ANSWERABLE_SECONDS, AwaitedAnswer
from storage.servers.quota import Claim

log = logging.getLogger(__name__)

ORIGINAL: int = "@original"  # type: ignore[assignment] # in place of the id of an interaction's own answer
AGAIN_SECONDS = 2.0
LOOK_SECONDS = 5.0  # between two looks at what other processes have left
PATIENT_TRIES = 10  # in which a job that was accepted just before the restart is shown first
NOT_ANSWERED = {"", asked.STARTING}  # what stands there until then


class NotShownYet(Exception):
    """The job will soon have a card, which its member is to be told of."""


class LateAnswers:
    """Goes through them after each start; and through what other processes leave, unless the database `is_alone`."""

    def __init__(
        self,
        client: discord.Client,
        signed_in: asyncio.Event,
        stores: Stores,
        providers: Mapping[str, Provider],
        clock: Clock,
        *,
        is_alone: bool,
    ) -> None:
        self._client = client
        self._signed_in = signed_in
        self._unanswered = stores.unanswered
        self._claims = stores.claims
        self._limits = stores.limits
        self._providers = providers
        self._clock = clock
        self._is_alone = is_alone
        self._left: list[AwaitedAnswer] | None = None  # None until it was read

    async def run(self) -> None:
        """Answer what was left before this start, and from then on what other processes leave, until cancelled; where
        there are none, until all are answered or can't be any more.
        """
        if self._left is None:
            self._left = await self._unanswered.take()
        await self._signed_in.wait()
        while True:
            await self._answer_all()
            if self._is_alone:
                return
            await self._clock.sleep(LOOK_SECONDS)
            self._left = await self._unanswered.take()

    async def _answer_all(self) -> None:
        for tries in count():
            if not self._left:
                return
            done = await asyncio.gather(*(self._try(one, patient=tries < PATIENT_TRIES) for one in self._left))
            over = [one.interaction_id for one, is_done in zip(self._left, done, strict=True) if is_done]
            await self._unanswered.change((), over)
            self._left = [one for one in self._left if one.interaction_id not in over]
            await self._clock.sleep(AGAIN_SECONDS)

    async def _try(self, waiting: AwaitedAnswer, *, patient: bool) -> bool:
        """Whether it needs no further try."""
        if self._clock.now() - waiting.asked_at > ANSWERABLE_SECONDS:
            return True
        try:
            async with post_errors():
                await self._answer(waiting, patient=patient)
        except PostRefused as refused:  # it is too late, or the person has dismissed it
            log.info("an answer can't be given any more: %s", refused)
        except (PostFailed, NotShownYet) as fault:
            log.info("an answer waits: %s", fault)
            return False
        return True

    async def _answer(self, waiting: AwaitedAnswer, *, patient: bool) -> None:
        """Answer, unless the last run did that just before it ended."""
        assert self._client.application_id is not None
        webhook = discord.Webhook.partial(self._client.application_id, waiting.token, client=self._client)
        if (await webhook.fetch_message(ORIGINAL)).content not in NOT_ANSWERED:
            return
        content = await self._words(waiting, patient=patient)
        await webhook.edit_message(
            ORIGINAL, content=content, view=None, allowed_mentions=discord.AllowedMentions.none()
        )

    async def _words(self, waiting: AwaitedAnswer, *, patient: bool) -> str:
        job = await self._claims.asked_with(waiting.guild_id, waiting.ask_id)
        if job is None:
            return restarted.answer(waiting.matter)
        if job.card_id is None and job.closed_at is None and patient:
            raise NotShownYet
        claim = Claim(job.guild_id, job.member_id, job.role_ids)
        standings = await self._limits.standings(job.guild_id, claim, self._clock.now())
        return restarted.accepted(job, limits.remaining(standings), self._providers)
