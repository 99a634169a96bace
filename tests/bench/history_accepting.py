"""Accepting commands as the bot does, as far as its database is concerned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import cast

from bot.asking.server import Server
from bot.chat.server.automod import AutoMod, WordRule
from bot.domain.ask import Ask, Asker, Place
from bot.domain.job import NewJob, RequestCodec, Stores
from bot.domain.request import Media, Request
from storage.engine.database import Database
from storage.engine.encryption import MasterKeys
from storage.jobs.job import Position
from storage.people.unanswered import AwaitedAnswer
from storage.servers.quota import Claim
from tests.bench.history_filled import DAY, LONG, NOW

CLIP = Media(url="https://x.example/v.mp4", name="v.mp4", size=1)
REQUEST = Request(flow="text", mode="text", video=CLIP, text="Hi", voice="en:AOT")


class NoRules:
    """Discord's AutoMod, which has none."""

    async def rules(self, _: Place) -> Sequence[WordRule]:
        return ()


class Accepting:
    """One bot's stores."""

    def __init__(self, database: Database) -> None:
        master = MasterKeys.parse(MasterKeys.generate("bench"))
        self.stores = Stores.on(database, master, RequestCodec())
        self._numbers = count(100_000_000)

    async def accept(self, guild_id: int, member_id: int) -> None:
        """Everything that one command reads and writes, until its answer is given."""
        stores, number = self.stores, next(self._numbers)
        await stores.unanswered.change([AwaitedAnswer(number, guild_id, member_id, number, "video", NOW, "token")], ())
        ask = Ask(Place(guild_id, 3, "#studio"), Asker(member_id), number, CLIP, text="Hi", voice="en:AOT")
        server = await Server.read(stores, cast("AutoMod", NoRules()), ask, NOW)
        assert server.is_member
        assert server.over_limit is None
        if guild_id == LONG:  # of the other one, files of a day's many thousand jobs would be measured on disk
            await stores.ledger.with_files(guild_id, now=NOW, closed_since=NOW - DAY)
        await stores.reports.removed_among(guild_id, ["digest"])
        job = (await stores.jobs.enqueue(_job(guild_id, member_id, number))).job
        await stores.jobs.amend(job, now=NOW, card_id=number)
        await stores.limits.standings(guild_id, Claim(guild_id, member_id), NOW)
        await stores.unanswered.change((), [number])


def _job(guild_id: int, member_id: int, number: int) -> NewJob:
    return NewJob(
        guild_id=guild_id, interaction_id=number, member_id=member_id, channel_id=3, provider="a", request=REQUEST,
        position=Position("s"), milliseconds=5000, micros=70_000, created_at=NOW, deadline_at=NOW + 3600,
    )  # fmt: skip
