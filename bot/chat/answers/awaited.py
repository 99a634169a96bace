"""Who waits for an answer in this process, and what is kept of it on disk for the next one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any

import discord

from bot.clock import Clock
from bot.fair_queue import FairSemaphore, Owner
from bot.words.answers.restarted import Matter
from storage.people.unanswered import AwaitedAnswer, Unanswered

MOST_AT_ONCE = 10  # of either kind in one transaction: in a flood of commands, other writes have their turn in between
ACKNOWLEDGED_AT_ONCE = 32
LINGER_SECONDS = 10.0  # for which who has their answer is kept at most, to be dropped together with who waits next


class AwaitedAnswers:
    """Keeps the interactions that wait, without anybody waiting for the disk: what changes while one transaction is
    being committed goes into the next one together, and what is answered by then never gets there. What is answered
    later is dropped soon: whoever finds it there after a kill looks first whether it was answered.
    """

    def __init__(self, unanswered: Unanswered, clock: Clock) -> None:
        self._unanswered = unanswered
        self._clock = clock
        self._waiting: dict[int, AwaitedAnswer] = {}  # not on disk yet
        self._answered: set[int] = set()  # on disk still
        self._unsure: set[int] = set()  # of those who wait: perhaps on disk, as a write failed
        self._is_ending = False
        self._changed = asyncio.Event()
        self._nap: asyncio.Future[None] | None = None
        self._answering = set[asyncio.Task[Any]]()  # until each has its answer
        self._turns = FairSemaphore(ACKNOWLEDGED_AT_ONCE)

    @asynccontextmanager
    async def turn(
        self, interaction: discord.Interaction[Any], matter: Matter, ask_id: int | None = None
    ) -> AsyncIterator[None]:
        """Wait until it is the server's turn to have an interaction acknowledged: work on all that one server sends at
        once would hold up everybody. Then `expect` it.
        """
        async with self._turns.passing(Owner(interaction.guild_id or 0, interaction.user.id)):
            self.expect(interaction, matter, ask_id)
            yield

    def expect(self, interaction: discord.Interaction[Any], matter: Matter, ask_id: int | None = None) -> None:
        """Keep this interaction until its task ends, with its answer given; one that is cancelled gave none. Call it
        right before it is acknowledged. `ask_id` is the interaction with which a video was asked for, if not this one.
        """
        self._waiting[interaction.id] = AwaitedAnswer(
            interaction_id=interaction.id,
            guild_id=interaction.guild_id or 0,
            member_id=interaction.user.id,
            ask_id=ask_id or interaction.id,
            matter=matter,
            asked_at=self._clock.now(),
            token=interaction.token,
        )
        if ask_id:  # whoever acts on an answer has it, also when another process gave it
            self._answered.add(ask_id)
        self._changed.set()
        self._wake()
        task = asyncio.current_task()  # discord.py runs every command, button and form in one of its own
        assert task is not None
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        task.add_done_callback(lambda ended: None if ended.cancelled() else self._drop(interaction.id))

    async def all_given(self, seconds: float) -> None:
        """Wait until everybody who waits here has their answer, for so many seconds at most; they are dropped then."""
        self._is_ending = True
        await asyncio.sleep(0)  # what was heard just now begins
        if self._answering:
            await asyncio.wait(self._answering, timeout=seconds)
        self._wake()

    def _drop(self, interaction_id: int) -> None:
        if self._waiting.pop(interaction_id, None) is None or interaction_id in self._unsure:
            self._answered.add(interaction_id)
            self._changed.set()

    async def run(self) -> None:
        """Until cancelled: bring to the disk what has changed. Raises what keeps it from that; the next run goes on."""
        while True:
            await self._changed.wait()
            if not self._is_ending and not self._waiting and len(self._answered) < MOST_AT_ONCE:
                await self._linger()
            waiting = {one: self._waiting.pop(one) for one in [*islice(self._waiting, MOST_AT_ONCE)]}
            answered = {self._answered.pop() for _ in range(min(len(self._answered), MOST_AT_ONCE))}
            if not self._waiting and not self._answered:
                self._changed.clear()
            if waiting or answered:
                await self._write(waiting, answered)

    async def _linger(self) -> None:
        """Let time pass until somebody waits."""
        self._nap = asyncio.ensure_future(self._clock.sleep(LINGER_SECONDS))
        try:
            await asyncio.wait({self._nap})
        finally:
            self._nap.cancel()

    def _wake(self) -> None:
        if self._nap:
            self._nap.cancel()

    async def _write(self, waiting: dict[int, AwaitedAnswer], answered: set[int]) -> None:
        """Write these down; what can't be written, or may not have been, is left to the next write."""
        try:
            await self._unanswered.change([*waiting.values()], answered)
        except Exception:
            since = self._answered  # of these, too, it may be on the disk that they wait
            self._waiting = {one: kept for one, kept in waiting.items() if one not in since} | self._waiting
            self._answered = since | answered
            self._unsure |= waiting.keys()
            self._changed.set()
            raise
        self._unsure -= waiting.keys() | answered
