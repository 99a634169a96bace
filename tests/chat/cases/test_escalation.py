"""What moderators have to decide reaches somebody, and no card goes on asking once it is decided."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.chat.cases.posts import CasePosts
from bot.chat.errors import PostFailed
from bot.net.faults import UnknownOutcome
from bot.words.admin.cases import TOLD
from storage.engine.database import Transaction
from storage.servers.case import Case, CaseKind
from storage.servers.guilds import GuildFacts
from tests.cogs.test_moderation import admin, entries, newest, pick, press, text_of
from tests.scripted import in_turn, scripted, start, until
from tests.world import KEY, World, answer

ASKING = (
    "needs approval · ",
    "moderator's approval",
    "until a moderator",
    "a moderator can remove it",
    "nobody knows",
    "is switched off",
)


async def set_up(world: World, by: int) -> None:
    """A key that this person has saved."""
    await world.client.services.keys.add(world.guild.id, "runcomfy", {"api_key": KEY}, added_by=by)


async def reported(world: World) -> str:
    await world.text()
    await world.quiet()
    return answer(await world.member.click(world.outcomes()[0], label="Report"))


async def held(world: World) -> str:
    await world.parts.stores.guilds.approve(world.guild.id, "always", 0, by=1, now=1.0)
    return await world.text()


async def unknown(world: World) -> str:
    scripted(world).on_submit = in_turn(UnknownOutcome("cut"))
    await start(world)
    await world.quiet()
    return ""


async def key_off(world: World) -> str:
    info = await world.parts.stores.keys.current(world.guild.id, "runcomfy")
    assert info
    await world.parts.stores.keys.switch_off(world.guild.id, info.id, reason="bad_key", now=world.clock.now())
    return ""


OPEN: Mapping[CaseKind, Callable[[World], Awaitable[str]]] = {
    "reported": reported, "held": held, "unknown": unknown, "key_off": key_off,
}  # fmt: skip
KINDS = pytest.mark.parametrize("kind", OPEN)


async def decide(world: World, kind: CaseKind) -> None:
    """Decide by command, and not on a card."""
    services, guild_id, by = world.client.services, world.guild.id, world.moderator.id
    if kind == "key_off":
        await services.keys.test(guild_id, "runcomfy", by=by)
        return
    job = await newest(world)
    if kind == "reported":
        await services.reports.decide(guild_id, job.id, "restored", block=False, by=by)
    elif kind == "held":
        await services.decisions.deny(guild_id, job.id, by=by)
    else:
        await services.decisions.settle(guild_id, job.id, charged=True, by=by)


async def told(world: World) -> list[str | None]:
    """Who was told of each open case."""
    rows = await world.parts.database.rows("SELECT told FROM cases WHERE is_open = 1 ORDER BY since")
    return [row["told"] for row in rows]


async def until_told(world: World, whom: str) -> None:
    async def is_so() -> bool:
        return await told(world) == [whom]

    await until(is_so)


async def until_all_cards_show_it(world: World) -> None:
    async def is_so() -> bool:
        return not await world.parts.database.rows("SELECT id FROM cases")

    await until(is_so)


async def notices_channel(world: World) -> ChannelHandle:
    """A channel in which Discord itself tells moderators things."""
    channel = world.guild.create_text_channel("mods-only")
    facts = GuildFacts("Club", channel.id)
    world.client._membership.joined(world.guild.id, facts)  # after what was told at the start, which it may still write

    async def is_noted() -> bool:
        return await world.parts.stores.guilds.facts(world.guild.id) == facts

    await until(is_noted)
    return channel


async def log_channel(world: World) -> ChannelHandle:
    channel = world.guild.create_text_channel("log")
    await world.client.services.server_rules.log_to(world.guild.id, channel.id, by=world.moderator.id)
    return channel


def letters(person: MemberActor) -> list[str]:
    """What somebody was written."""
    channel = person.user.dm_channel
    return [message.content for message in channel.history()] if channel else []


def asking(texts: list[str]) -> list[str]:
    """Those that still ask for a decision."""
    return [text for text in texts if any(words in text for words in ASKING)]


@KINDS
async def test_it_is_asked_in_the_log_channel_and_nowhere_else(world: World, kind: CaseKind) -> None:
    log, notices = await log_channel(world), await notices_channel(world)
    await set_up(world, world.moderator.id)
    await OPEN[kind](world)
    await until_told(world, "log")
    assert len(asking(entries(log))) == 1
    assert not entries(notices)
    assert not letters(world.moderator)


@KINDS
async def test_without_a_log_channel_it_is_asked_where_moderators_get_notices(world: World, kind: CaseKind) -> None:
    notices = await notices_channel(world)
    await set_up(world, world.moderator.id)
    await OPEN[kind](world)
    await until_told(world, "notices")
    assert len(asking(entries(notices))) == 1
    assert not letters(world.moderator)


@KINDS
async def test_without_any_channel_whoever_set_the_bot_up_is_written_to(world: World, kind: CaseKind) -> None:
    await set_up(world, world.moderator.id)
    await OPEN[kind](world)
    await until_told(world, "person")
    (letter,) = letters(world.moderator)
    assert asking([letter])
    assert "**Club**" in letter
    assert "Hello there" not in letter
    assert world.member.mention not in letter


async def without_anybody(world: World) -> None:
    """Whoever set the bot up has left the server."""
    sam = world.guild.add_member(world.env.create_user("sam"))
    await set_up(world, sam.id)
    world.guild.remove_member(sam)


@KINDS
async def test_where_nobody_can_be_told_the_next_moderator_is_and_nobody_else(world: World, kind: CaseKind) -> None:
    await without_anybody(world)
    await OPEN[kind](world)
    await until_told(world, "nobody")
    assert not reminders(await world.member.slash(world.channel, "lipsync usage"))
    (line,) = reminders(await world.moderator.slash(world.channel, "lipsync usage"))
    assert line.startswith("⚠️ Waiting for a moderator here: **1 ")
    await until_told(world, "moderator")


def reminders(result: InteractionResult) -> list[str]:
    """What stands below an answer."""
    assert all(message.ephemeral for message in result.followups)
    return [message.content for message in result.followups]


async def test_a_moderator_is_reminded_once_a_day_as_long_as_it_is_open_and_at_once_of_something_new(
    world: World,
) -> None:
    async def lines() -> list[str]:
        return reminders(await world.moderator.slash(world.channel, "lipsync usage"))

    await without_anybody(world)
    assert await lines() == []
    await reported(world)
    assert len(await lines()) == 1
    assert await lines() == []
    await key_off(world)
    await until(partial(all_told, world))
    (both,) = await lines()
    assert "**1 reported video** and **1 key that is switched off**" in both
    assert await lines() == []
    world.client.services.open_cases._clock = LaterClock(world)  # type: ignore[assignment]
    assert len(await lines()) == 1
    await decide(world, "reported")
    await decide(world, "key_off")
    world.client.services.open_cases._shown.clear()
    assert await lines() == []


class LaterClock:
    """A day later than it is."""

    def __init__(self, world: World) -> None:
        self._clock = world.clock

    def monotonic(self) -> float:
        return self._clock.monotonic() + 86_400.0


async def all_told(world: World) -> bool:
    return None not in await told(world)


@KINDS
async def test_the_setup_shows_what_is_to_be_decided_however_it_was_told(world: World, kind: CaseKind) -> None:
    await set_up(world, world.moderator.id)
    assert "Waiting for a moderator" not in answer(await admin(world, "setup"))
    await OPEN[kind](world)
    shown = await admin(world, "setup")
    assert "⚠️ **Waiting for a moderator**: **1 " in answer(shown)
    assert reminders(shown) == []


async def test_a_log_channel_that_is_chosen_later_is_told_of_all_that_is_still_open(world: World) -> None:
    await without_anybody(world)
    await reported(world)
    await unknown(world)
    await held(world)
    await key_off(world)
    log = await log_channel(world)
    await until(lambda: len(asking(entries(log))) == 4)
    other = await log_channel(world)
    await until(partial(all_told, world))
    assert await told(world) == ["log"] * 4
    assert len(asking(entries(other))) == 4
    await log_to(world, other)
    await until(partial(all_told, world))
    assert len(asking(entries(other))) == 4  # which it has already


async def log_to(world: World, channel: ChannelHandle) -> None:
    await world.client.services.server_rules.log_to(world.guild.id, channel.id, by=1)


@KINDS
async def test_every_card_shows_a_decision_that_was_made_elsewhere(world: World, kind: CaseKind) -> None:
    await set_up(world, world.moderator.id)
    await OPEN[kind](world)
    await until_told(world, "person")
    notices = await notices_channel(world)
    log = await log_channel(world)
    await until_told(world, "log")
    before = len(entries(log))
    await decide(world, kind)
    await until_all_cards_show_it(world)
    everywhere = [*entries(log), *entries(notices), *letters(world.moderator)]
    assert asking(everywhere) == []
    assert len(entries(log)) >= before
    (letter,) = letters(world.moderator)
    assert world.moderator.mention in letter
    assert not [row for message in log.history() for row in buttons(message)]


def buttons(message: discord.Message) -> list[object]:
    (box,) = message.components
    assert isinstance(box, discord.Container)
    return [item for item in box.children if isinstance(item, discord.ActionRow)]


async def test_a_member_who_withdraws_what_waits_leaves_no_card_that_asks(world: World) -> None:
    log = await log_channel(world)
    await set_up(world, world.moderator.id)
    await held(world)
    await until_told(world, "log")
    await world.member.click(world.card(), label="Cancel")
    await until_all_cards_show_it(world)
    assert asking(entries(log)) == []
    assert [text for text in entries(log) if f"was cancelled · by {world.member.mention}" in text]


async def test_what_nobody_answers_in_time_leaves_no_card_that_asks(world: World) -> None:
    log = await log_channel(world)
    await set_up(world, world.moderator.id)
    await held(world)
    await until_told(world, "log")
    world.clock.skipped += 12 * 3600 + 60
    worker = world.client.services.worker
    worker._scheduler.put(worker.held[(await newest(world)).id], 0.0)
    await world.quiet()
    await until_all_cards_show_it(world)
    assert asking(entries(log)) == []
    assert [text for text in entries(log) if "nobody answered in time" in text]


async def test_a_key_that_is_removed_leaves_no_card_that_asks(world: World) -> None:
    await set_up(world, world.moderator.id)
    await key_off(world)
    await until_told(world, "person")
    await world.client.services.keys.remove(world.guild.id, "runcomfy", by=world.moderator.id)
    await until_all_cards_show_it(world)
    assert letters(world.moderator) == [
        f"🔑 The RunComfy key ending **…0001** was replaced or removed · by {world.moderator.mention}"
    ]


async def test_another_moderator_decides_from_the_list_and_the_card_says_who(world: World) -> None:
    log = await log_channel(world)
    await set_up(world, 1)
    await reported(world)
    await until_told(world, "log")
    shown = await admin(world, "jobs", state="reported")
    opened = await pick(world, shown, [str((await newest(world)).id)])
    assert "shown again" in answer(await press(world.moderator, opened, "Restore"))
    assert [text for text in entries(log) if f"was left up · by {world.moderator.mention}" in text]
    assert asking(entries(log)) == []


@pytest.mark.parametrize("decided_before", [False, True])
async def test_a_card_of_an_earlier_version_shows_the_decision_once_it_is_pressed(
    world: World, *, decided_before: bool
) -> None:
    async def forget(tx: Transaction) -> None:
        await tx.row("DELETE FROM case_cards")

    log = await log_channel(world)
    await set_up(world, world.moderator.id)
    await held(world)
    await until_told(world, "log")
    await world.parts.database.write(forget, guild_id=world.guild.id)
    (card,) = [message for message in log.history() if asking([text_of(message)])]
    if decided_before:
        await decide(world, "held")
        await until_all_cards_show_it(world)
        assert asking(entries(log))
    await world.moderator.click(card, label="Deny")
    assert asking(entries(log)) == []


async def test_a_card_that_cant_be_edited_now_is_edited_later_and_a_deleted_one_holds_up_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise PostFailed(problem="503")

    log = await log_channel(world)
    await set_up(world, world.moderator.id)
    await held(world)
    await until_told(world, "log")
    with monkeypatch.context() as patch:
        patch.setattr(CasePosts, "edit", away)
        await decide(world, "held")
        await until(lambda: world.guild.id in world.client.services.escalation._not_before)
        assert asking(entries(log))
    await until_all_cards_show_it(world)
    assert asking(entries(log)) == []
    await held(world)
    await until_told(world, "log")
    world.env.backend.delete_channel(log.id)
    await decide(world, "held")
    await until_all_cards_show_it(world)


# --- What whoever reports a video reads -------------------------------------------------------------------------------


async def gone_log(world: World) -> None:
    """A log channel that was deleted, and nobody else to tell."""
    await without_anybody(world)
    channel = await log_channel(world)
    world.env.backend.delete_channel(channel.id)


async def with_log(world: World) -> None:
    await log_channel(world)
    await set_up(world, world.moderator.id)


async def with_notices(world: World) -> None:
    await notices_channel(world)
    await set_up(world, world.moderator.id)


async def with_person(world: World) -> None:
    await set_up(world, world.moderator.id)


@pytest.mark.parametrize(
    ("prepare", "whom"),
    [
        (with_log, "log"),
        (with_notices, "notices"),
        (with_person, "person"),
        (without_anybody, "nobody"),
        (gone_log, "nobody"),
    ],
)
async def test_whoever_reports_a_video_reads_who_was_told_and_so_does_the_next_one(
    world: World, prepare: Callable[[World], Awaitable[None]], whom: str
) -> None:
    await prepare(world)
    assert await reported(world) == f"Thanks. It's blurred until a moderator reviews it. {TOLD[whom]}"  # type: ignore[index]
    eve = world.guild.add_member(world.env.create_user("eve"))
    assert answer(await eve.click(world.outcomes()[0], label="Report")) == (
        f"Someone has already reported this video. It's blurred until a moderator reviews it. {TOLD[whom]}"  # type: ignore[index]
    )


async def test_once_a_moderator_has_read_of_it_the_next_reporter_reads_that(world: World) -> None:
    await without_anybody(world)
    await reported(world)
    await world.moderator.slash(world.channel, "lipsync usage")
    said = answer(await world.member.click(world.outcomes()[0], label="Report"))
    assert said.endswith("One of the moderators knows about it.")


async def test_while_discord_is_away_nobody_is_said_to_be_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise PostFailed(problem="503")

    log = await log_channel(world)
    await set_up(world, world.moderator.id)
    with monkeypatch.context() as patch:
        patch.setattr(CasePosts, "in_channel", away)
        assert (await reported(world)).endswith("I'll ask the moderators as soon as Discord lets me.")
    await until_told(world, "log")
    assert len(asking(entries(log))) == 1


async def test_a_case_that_cant_be_read_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    log, about = await log_channel(world), world.client.services.escalation._about

    async def damaged(case: Case) -> object:
        if case.kind == "held":
            raise ValueError
        return await about(case)

    await set_up(world, world.moderator.id)
    monkeypatch.setattr(world.client.services.escalation, "_about", damaged)
    await held(world)
    await key_off(world)
    await until(lambda: asking(entries(log)))
    await until(partial(all_told, world))
    assert sorted(filter(None, await told(world))) == ["log", "nobody"]
