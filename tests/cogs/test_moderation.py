"""Moderators in control: limits, access, log, approval, settling and reports, as they use and read them."""

from __future__ import annotations

import asyncio
import math
import re
from decimal import Decimal
from functools import partial
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.chat.cases.posts import CasePosts
from bot.chat.errors import PostFailed
from bot.chat.posted_results import PostedResults
from bot.domain.job import Job
from bot.net.faults import OutOfCredit, UnknownOutcome
from bot.providers.base import Done
from bot.words import job_details
from bot.words.refusals.results import AlreadyDecided
from storage.engine.database import Transaction
from storage.servers.log_entries import note
from tests.scripted import Scripted, in_turn, scripted, start, until
from tests.world import CLIP, RECORDING, World, answer


async def admin(world: World, command: str, **options: Any) -> InteractionResult:
    return await world.moderator.slash(world.channel, f"lipsync-admin {command}", **options)


async def log_channel(world: World) -> ChannelHandle:
    """A log channel, chosen."""
    channel = world.guild.create_text_channel("lipsync-log")
    assert "tells what happens" in answer(await admin(world, "log", channel=channel))
    return channel


async def nothing_to_tell(world: World) -> bool:
    """Whether the log has told everything."""
    return not await world.parts.database.rows("SELECT * FROM log_entries")


def entries(channel: ChannelHandle) -> list[str]:
    """What the log's cards say, oldest first."""
    return [text_of(message) for message in channel.history()]


def text_of(message: discord.Message) -> str:
    box: Any = message.components[0]
    return "\n".join(item.content for item in box.children if hasattr(item, "content"))


async def told(channel: ChannelHandle, words: str) -> str:
    """The first card with these words, once it is there."""
    await until(lambda: [entry for entry in entries(channel) if words in entry])
    return next(entry for entry in entries(channel) if words in entry)


async def press(actor: MemberActor, result: InteractionResult, label: str) -> InteractionResult:
    """Press a button under an answer."""
    assert result.response
    return await actor.click(result.response, label=label)


async def pick(world: World, result: InteractionResult, values: list[Any]) -> InteractionResult:
    """Choose in the menu under an answer, as the moderator."""
    assert result.response
    menu = result.response.components[0]["components"][0]["custom_id"]
    return await world.moderator.select(result.response, values, custom_id=menu)


def labels(result: InteractionResult) -> list[str]:
    assert result.response
    return [item["label"] for row in result.response.components for item in row["components"] if "label" in item]


async def newest(world: World) -> Job:
    (job,) = await world.client.services.ledger.jobs(world.guild.id, most=1)
    return job


# --- Limits -------------------------------------------------------------------------------------------------------


async def test_a_limit_refuses_with_its_rule_its_number_and_the_time(world: World) -> None:
    await world.add_key()
    said = answer(await admin(world, "quota set", most=1, unit="jobs", per="day"))
    assert "**Everyone**: 1 video a day" in said
    started = await world.text()
    assert "Left for you: **0 videos** of 1 video a day (more <t:" in started
    await world.quiet()
    refused = await world.text()
    assert refused.startswith("You have used 1 video of 1 video a day (for everyone), and this needs 1 video.")
    assert "There is enough again <t:" in refused
    assert "Nothing was started or charged" in refused


async def test_a_role_gives_more_and_check_says_through_which(world: World) -> None:
    await world.add_key()
    booster = world.guild.create_role("Booster")
    ana = world.guild.add_member(world.env.create_user("ana"), roles=[booster])
    await admin(world, "quota set", most=3, unit="jobs")
    await admin(world, "quota set", most=15, unit="jobs", target=booster)
    assert f"15 videos a day (via <@&{booster.id}>): **15 videos** left" in answer(
        await admin(world, "quota check", member=ana)
    )
    assert "3 videos a day (for everyone)" in answer(await admin(world, "quota check", member=world.member))
    listed = answer(await admin(world, "quota list"))
    assert f"**<@&{booster.id}>**: 15 videos a day" in listed
    await admin(world, "quota remove", unit="jobs", target=booster)
    assert "3 videos a day (for everyone)" in answer(await admin(world, "quota check", member=ana))
    assert "no such limit" in answer(await admin(world, "quota remove", unit="jobs", target=booster))


async def test_a_member_sees_what_is_left_and_what_they_were_given(world: World) -> None:
    await world.add_key()
    await admin(world, "quota set", most=1, unit="jobs")
    await admin(world, "quota set", most=100, unit="cents", per="month", whole_server=True)
    given = answer(
        await admin(world, "quota grant", amount=2, unit="jobs", lasting="3d", reason="**movie** night @everyone")
    )
    assert "2 videos more, until <t:" in given
    await world.text()
    await world.quiet()
    usage = answer(await world.member.slash(world.channel, "lipsync usage"))
    assert "1 video a day (for everyone): **0 videos** left, more <t:" in usage
    assert "$1.00 a month (for the whole server): **$0.95** left" in usage
    assert "On top: **2 videos** left until" in usage
    assert "@everyone" not in usage
    assert "Nothing of yours is under way." in usage
    world.sandbox.runs.queue_seconds = 3600
    assert "is on its way" in await world.text()  # out of what was given
    (job,) = await world.client.services.ledger.under_way(world.guild.id, world.member.id)
    usage = answer(await world.member.slash(world.channel, "lipsync usage"))
    assert f"**Under way**\n- [`{job.code}`](https://discord.com/channels/" in usage
    await world.member.click(world.card(), label="Cancel")
    await world.quiet()


@pytest.mark.parametrize("lasting", ["soon", "0d", "99w", "-3d", "1.5d", ""])
async def test_a_duration_that_is_none_is_refused(world: World, lasting: str) -> None:
    said = answer(await admin(world, "quota grant", amount=2, unit="jobs", lasting=lasting, reason="x"))
    assert "is no duration" in said


async def test_a_grant_can_be_ended_by_its_number(world: World) -> None:
    given = answer(await admin(world, "quota grant", amount=2, unit="jobs", lasting="12 hours", reason="x"))
    assert "`#1`" in given
    assert "has ended" in answer(await admin(world, "quota end-grant", number=1))
    assert "no grant #1" in answer(await admin(world, "quota end-grant", number=1))


async def test_money_limits_refuse_providers_that_name_no_price(world: World) -> None:
    await admin(world, "quota set", most=100, unit="cents", per="month", whole_server=True)
    scripted(world)
    with pytest.raises(Exception, match="can't say beforehand what this costs"):
        await start(world)


async def test_prices_in_yuan_count_against_limits_on_money(world: World) -> None:
    await admin(world, "quota set", most=100, unit="cents", per="month", whole_server=True)
    await world.fill_key_form("runninghub", ["rh-canary-0001", "ai"])
    assert "is on its way" in await world.text(text="A line that is long enough to be spoken.")
    reserved = (await newest(world)).micros
    seconds = (await newest(world)).request.video.seconds or 0
    assert reserved == (350_000 * math.ceil(seconds / 5) + 70_000) * 14 // 100
    await world.quiet()
    made = await newest(world)
    assert (made.state, made.micros, made.spent_micros) == ("succeeded", reserved, None)
    assert f"about ${reserved / 1_000_000:.2f}" in job_details.money(made)


async def test_a_limit_for_one_member_and_the_whole_server_at_once_is_refused(world: World) -> None:
    await admin(world, "quota set", most=30, unit="jobs", whole_server=True)
    both = await admin(world, "quota set", most=10, unit="jobs", target=world.member, whole_server=True)
    assert "not for both" in answer(both)
    listed = answer(await admin(world, "quota list"))
    assert "30 videos" in listed
    assert "10 videos" not in listed


async def test_a_provider_too_dear_for_a_money_limit_is_left_out_and_a_cheaper_one_taken(world: World) -> None:
    await admin(world, "quota set", most=30, unit="cents", per="month", whole_server=True)
    dear, cheap = scripted(world, name="dear"), scripted(world, name="cheap")
    dear.asks, cheap.asks = Decimal("0.50"), Decimal("0.20")
    job = await start(world, provider=None)
    assert (job.provider, job.fallbacks, job.micros) == ("cheap", (), 200_000)
    await world.quiet()
    with pytest.raises(Exception, match=r"used \$0\.20 of \$0\.30 a month .* and this needs \$0\.20"):
        await start(world, 2, provider=None)


async def test_what_counts_is_the_dearest_that_may_be_tried_and_then_what_it_cost(world: World) -> None:
    await admin(world, "quota set", most=100, unit="cents", per="month", whole_server=True)
    dear, cheap = scripted(world, name="dear"), scripted(world, name="cheap")
    dear.asks, cheap.asks = Decimal("0.50"), Decimal("0.20")
    cheap.on_submit = in_turn(OutOfCredit("empty"))
    await admin(world, "key choose", take="cheapest")
    job = await start(world, provider=None)
    assert (job.provider, job.micros) == ("cheap", 500_000)
    await world.quiet()
    assert ((await newest(world)).provider, (await newest(world)).micros) == ("dear", 500_000)


# --- Access -------------------------------------------------------------------------------------------------------


async def test_a_blocked_member_is_refused_and_let_in_again(world: World) -> None:
    await world.add_key()
    assert "is blocked" in answer(await admin(world, "access block", member=world.member, reason="spam"))
    assert "moderators don't let you use me" in await world.text()
    assert "spam" in answer(await admin(world, "access status"))
    await admin(world, "access unblock", member=world.member)
    assert "is on its way" in await world.text()
    assert "isn't blocked" in answer(await admin(world, "access unblock", member=world.member))


async def test_channels_and_roles_are_chosen_from_a_menu(world: World) -> None:
    await world.add_key()
    lounge = world.guild.create_text_channel("lounge")
    regular = world.guild.create_role("Regular")
    shown = await admin(world, "access channels")
    said = await pick(world, shown, [lounge])
    assert f"**Channels**: <#{lounge.id}>" in answer(said)
    assert f"not open in this channel. Use me in <#{lounge.id}>" in await world.text()
    assert "is on its way" in await world.text(lounge)
    await world.quiet()
    assert "is on its way" in await world.text(lounge.threads[-1])  # a thread belongs to its channel
    shown = await admin(world, "access roles")
    await pick(world, shown, [regular])
    assert f"members with the role <@&{regular.id}> only" in await world.text(lounge)
    shown = await admin(world, "access channels")
    assert "**Channels**: all" in answer(await pick(world, shown, []))


async def test_young_accounts_are_told_when_they_may(world: World) -> None:
    await world.add_key()
    said = answer(await admin(world, "access age", account_days=3650, member_days=0))
    assert "at least 3650 days" in said
    assert "accounts of at least 3650 days only. You can use me <t:" in await world.text()
    await admin(world, "access age", account_days=0, member_days=3650)
    assert "members of at least 3650 days only" in await world.text()


# --- The log ------------------------------------------------------------------------------------------------------


async def test_the_log_tells_one_card_per_event_and_pings_nobody(world: World) -> None:
    channel = await log_channel(world)
    await world.add_key()
    await world.text(text="Hello @everyone <@&1>")
    await world.quiet()
    await admin(world, "quota set", most=1, unit="jobs", whole_server=True)
    await admin(world, "access block", member=world.member)
    for words in ("This channel tells", "key ending **…0001** saved", "started", "finished", "Limit set", "is blocked"):
        await told(channel, words)
    assert len(channel.history()) == 6
    assert not any(message.role_mentions or message.mention_everyone for message in channel.history())
    assert "@everyone" not in await told(channel, "started")


async def test_a_channel_in_which_the_bot_cant_post_is_not_taken(world: World) -> None:
    overwrites: Any = {world.client.user: discord.PermissionOverwrite(send_messages=False)}
    hidden = world.guild.create_text_channel("hidden", overwrites=overwrites)
    said = answer(await admin(world, "log", channel=hidden))
    assert "I need **Send Messages** there. Nothing was changed." in said


async def test_a_log_channel_that_is_gone_stops_nothing(world: World) -> None:
    channel = await log_channel(world)
    await told(channel, "This channel tells")
    world.env.backend.delete_channel(channel.id)
    await world.add_key()
    await world.text()
    await world.quiet()
    assert world.outcomes()[0].attachments
    await until(partial(nothing_to_tell, world))


async def test_an_entry_that_nobody_understands_holds_up_no_other(world: World) -> None:
    channel = await log_channel(world)
    await told(channel, "This channel tells")
    database = world.parts.database

    async def write(tx: Transaction) -> None:
        for kind in ("from another version", "rule_set"):
            await note(tx, world.guild.id, kind, now=1.0)

    await database.write(write, guild_id=None)
    await admin(world, "access block", member=world.member)
    await told(channel, "is blocked")
    await until(partial(nothing_to_tell, world))


async def test_a_budget_that_is_used_up_is_told_with_when_there_is_more(world: World) -> None:
    channel = await log_channel(world)
    await world.add_key()
    await admin(world, "quota set", most=1, unit="jobs", whole_server=True)
    await world.text()
    card = await told(channel, "100 %")
    assert "1 video of 1 video a day. There is more <t:" in card


# --- Approval -----------------------------------------------------------------------------------------------------


async def held(world: World) -> tuple[ChannelHandle, discord.Message]:
    """A job that waits, and its card in the log."""
    channel = await log_channel(world)
    await world.add_key()
    assert "first video needs approval" in answer(await admin(world, "approval", which="a member's first video"))
    said = await world.text()
    assert "waits for this server's moderators" in said
    await told(channel, "needs approval · ")
    (message,) = [message for message in channel.history() if "needs approval · " in text_of(message)]
    return channel, message


async def test_a_first_video_waits_and_nothing_is_counted_or_sent_until_approved(world: World) -> None:
    channel, message = await held(world)
    await admin(world, "quota set", most=5, unit="jobs")
    assert "**5 videos** left" in answer(await world.member.slash(world.channel, "lipsync usage"))
    assert "Waiting for this server's moderators" in world.card_text()
    assert not world.sandbox.runs.ledger
    said = answer(await world.moderator.click(message, label="Approve"))
    assert "approved, and starts now" in said
    await world.quiet()
    assert world.outcomes()[0].attachments
    assert len(world.sandbox.runs.ledger) == 1
    assert "**4 videos** left" in answer(await world.member.slash(world.channel, "lipsync usage"))
    message = next(each for each in channel.history() if each.id == message.id)
    assert f"was approved · by {world.moderator.mention}" in text_of(message)
    assert not [item for item in message.components[0].children if isinstance(item, discord.ActionRow)]  # type: ignore[union-attr]
    assert "is on its way" in await world.text()  # the second one needs nobody


async def test_moderators_can_hear_the_recording_before_they_say_yes(world: World) -> None:
    channel = await log_channel(world)
    await world.add_key()
    await admin(world, "approval", which="a member's first video")
    await world.audio()
    question = await told(channel, "needs approval · ")
    links = re.findall(r"\[the (clip|recording)\]\((\S+)\)", question)
    assert [name for name, _ in links] == ["clip", "recording"]
    assert [world.env.backend.cdn.get(url) for _, url in links] == [CLIP[1], RECORDING[1]]


async def test_a_denied_video_ends_with_a_sentence_and_costs_nothing(world: World) -> None:
    _, message = await held(world)
    await world.moderator.click(message, label="Deny")
    await world.quiet()
    (outcome,) = world.outcomes()
    assert "moderators said no" in outcome.content
    assert "Nothing was charged." in outcome.content
    assert not world.sandbox.runs.ledger


async def test_a_video_that_nobody_approves_ends_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise PostFailed(problem="503")

    _, message = await held(world)
    monkeypatch.setattr(CasePosts, "edit", away)  # so that the card can still be pressed
    world.clock.skipped += 12 * 3600 + 60
    job = await newest(world)
    open_job = world.client.services.worker.held[job.id]
    async with open_job.stepping:  # a step that ends later would put it off again
        pass
    world.client.services.worker._scheduler.put(open_job, 0.0)
    await world.quiet()
    assert "No moderator answered in time" in world.outcomes()[0].content
    assert "isn't waiting for approval" in answer(await world.moderator.click(message, label="Approve"))
    assert not world.sandbox.runs.ledger


async def test_a_member_can_withdraw_what_waits(world: World) -> None:
    await held(world)
    assert "is cancelled" in answer(await world.member.click(world.card(), label="Cancel"))
    await world.quiet()


async def test_approving_over_a_limit_is_refused_and_the_video_goes_on_waiting(world: World) -> None:
    _, message = await held(world)
    await admin(world, "quota set", most=0, unit="jobs")
    assert "the limit is 0 videos a day" in answer(await world.moderator.click(message, label="Approve"))
    assert (await newest(world)).state == "held"
    await admin(world, "quota set", most=1, unit="jobs")
    await world.moderator.click(message, label="Approve")
    await world.quiet()
    assert world.outcomes()[0].attachments


async def test_a_member_cant_approve_their_own(world: World) -> None:
    _, message = await held(world)
    assert "Only members with the Manage Server permission" in answer(
        await world.member.click(message, label="Approve")
    )
    assert (await newest(world)).state == "held"


async def test_above_a_price_only_what_costs_more_waits(world: World) -> None:
    await log_channel(world)
    await world.add_key()
    said = answer(await admin(world, "approval", which="above a price", cents=10))
    assert "cost more than $0.10" in said
    assert "is on its way" in await world.text()
    await world.quiet()
    await admin(world, "approval", which="above a price", cents=4)
    assert "waits for this server's moderators" in await world.text()


async def test_approval_needs_a_log_channel_and_the_log_cant_go_while_it_does(world: World) -> None:
    assert "Approval needs a log channel" in answer(await admin(world, "approval", which="every video"))
    await log_channel(world)
    await admin(world, "approval", which="every video")
    assert "Approval needs a log channel" in answer(await admin(world, "log"))
    await world.add_key()
    mods = await world.moderator.slash(world.channel, "lipsync text", video=CLIP, text="Hello", voice="en:AOT")
    assert "is on its way" in answer(mods)  # moderators need nobody's approval


# --- Jobs, settling, reporting --------------------------------------------------------------------------------------


async def test_jobs_are_listed_opened_and_given_back(world: World) -> None:
    await world.add_key()
    await admin(world, "quota set", most=1, unit="jobs")
    await world.text()
    await world.quiet()
    shown = await admin(world, "jobs", member=world.member, state="finished")
    assert "RunComfy · 5 s · $0.05" in answer(shown)
    job = await newest(world)
    opened = await pick(world, shown, [str(job.id)])
    assert "“Hello there”" in answer(opened)
    assert labels(opened) == ["Give back"]
    said = await press(world.moderator, opened, "Give back")
    assert "is given back" in answer(said)
    assert "nothing to give back" in answer(await press(world.moderator, opened, "Give back"))
    assert "is on its way" in await world.text()
    assert "No videos here" in answer(await admin(world, "jobs", state="failed"))


async def test_a_moderator_cancels_a_members_job_from_the_list(world: World) -> None:
    world.sandbox.runs.queue_seconds = 3600
    await world.add_key()
    await world.text()
    shown = await admin(world, "jobs", state="under way")
    opened = await pick(world, shown, [str((await newest(world)).id)])
    assert "is cancelled" in answer(await press(world.moderator, opened, "Cancel"))
    await world.quiet()
    (outcome,) = world.outcomes()
    assert "A moderator of this server cancelled this." in outcome.content
    assert pinged_by_the_last_post(world) == [world.member.id]


def pinged_by_the_last_post(world: World) -> list[int]:
    """Whom the newest message that the bot has posted may ping."""
    posts = [
        call.json
        for call in world.env.http_requests
        if call.method == "POST" and call.path.endswith("/messages") and isinstance(call.json, dict)
    ]
    users: list[int] = posts[-1]["allowed_mentions"].get("users", [])
    return users


async def test_whoever_cancels_is_not_pinged_for_it(world: World) -> None:
    world.sandbox.runs.queue_seconds = 3600
    await world.add_key()
    await world.text()
    await world.member.click(world.card(), label="Cancel")
    await world.quiet()
    (outcome,) = world.outcomes()
    assert "Cancelled, as you asked." in outcome.content
    assert pinged_by_the_last_post(world) == []


async def test_an_unknown_outcome_is_settled_with_what_to_look_for(world: World) -> None:
    scripted(world).on_submit = in_turn(UnknownOutcome("cut"))
    job = await start(world)
    await world.quiet()
    shown = await admin(world, "settle")
    opened = await pick(world, shown, [str(job.id)])
    assert "look into the console of Scripted for a run sent about <t:" in answer(opened)
    assert "step “only”" in answer(opened)
    assert "ours for it is `" in answer(opened)
    said = await press(world.moderator, opened, "It was not charged")
    assert "doesn't count any more" in answer(said)
    assert (await newest(world)).counted_at is None
    assert "no open question" in answer(await press(world.moderator, opened, "It was charged"))
    assert "Nothing to settle" in answer(await admin(world, "settle"))


async def test_a_month_is_reported_in_words_and_as_a_file(world: World) -> None:
    await world.add_key()
    await world.text()
    await world.text(voice="nobody")
    await world.quiet()
    shown = await admin(world, "report")
    assert "1 of 1 video made, 5 s counted, $0.05" in answer(shown)
    assert f"<@{world.member.id}>: 1 of 1 video made" in answer(shown)
    assert "RunComfy: 1 of 1" in answer(shown)
    assert shown.response
    (file,) = shown.response.attachments
    data = bytes(world.env.backend.cdn.get(file.url) or b"").decode()
    assert data.splitlines()[1].startswith(f"{world.member.id},RunComfy,succeeded,,1,5,0.0500")
    assert "nothing was made" in answer(await admin(world, "report", month="2020-01"))
    assert "is no month" in answer(await admin(world, "report", month="January"))


# --- Reports on results, and removal ----------------------------------------------------------------------------------


async def reported(world: World) -> tuple[ChannelHandle, discord.Message]:
    """A finished video that somebody reported, and the card in the log."""
    channel = await log_channel(world)
    await world.add_key()
    await world.text()
    await world.quiet()
    said = answer(await world.moderator.click(world.outcomes()[0], label="Report"))
    assert said == "Thanks. It's blurred until a moderator reviews it. I've asked the moderators in their channel."
    await told(channel, "was reported")
    (card,) = [message for message in channel.history() if "was reported" in text_of(message)]
    return channel, card


async def test_a_finished_video_that_was_reported_is_not_called_under_way_when_it_is_to_be_erased(world: World) -> None:
    await reported(world)
    told_of = await world.member.slash(world.channel, "lipsync privacy")
    assert told_of.response
    said = answer(await world.member.click(told_of.response, label="Erase what is kept about me"))
    assert "under way" not in said
    assert "Reported, and erased once the moderators have decided: 1." in said


async def test_a_reported_video_is_blurred_at_once_and_restored_by_a_moderator(world: World) -> None:
    _, card = await reported(world)
    (outcome,) = world.outcomes()
    assert outcome.attachments[0].is_spoiler()
    assert answer(await world.member.click(outcome, label="Report")) == (
        "Someone has already reported this video. It's blurred until a moderator reviews it. I've asked the moderators "
        "in their channel."
    )
    assert "shown again" in answer(await world.moderator.click(card, label="Restore"))
    (outcome,) = world.outcomes()
    assert not outcome.attachments[0].is_spoiler()
    assert "ai-generated" in outcome.attachments[0].filename
    assert "have already decided about this video" in answer(await world.moderator.click(outcome, label="Report"))
    assert not world.outcomes()[0].attachments[0].is_spoiler()


async def test_a_removed_video_is_gone_with_what_was_stored_and_its_file_cant_be_used_again(world: World) -> None:
    look = world.parts.incoming.look

    async def with_digest(media: Any, into: Any, owner: Any) -> Any:
        from dataclasses import replace  # noqa: PLC0415

        return replace(await look(media, into, owner), digest=f"digest of {media.name}")

    world.parts.incoming.look = with_digest  # type: ignore[method-assign]
    _, card = await reported(world)
    job = await newest(world)
    assert "decide about it first" in answer(await world.member.click(world.outcomes()[0], label="Delete"))
    said = answer(await world.moderator.click(card, label="Remove and block"))
    assert "deleted" in said
    assert "blocked" in said
    assert not world.outcomes()
    (card,) = [message for message in world.channel.history() if message.flags.components_v2]
    assert "was removed" in card.components[0].content  # type: ignore[union-attr]
    kept, _ = await world.client.services.reports.look_up(world.guild.id, job.id)
    assert kept.forgotten_at
    assert "Hello there" not in kept.request.model_dump_json()
    assert "moderators don't let you use me" in await world.text()
    await admin(world, "access unblock", member=world.member)
    assert "can't be used again" in await world.text()
    assert "is on its way" in await world.text(video=("other.mp4", b"x"))


async def test_two_moderators_at_once_make_one_decision(world: World) -> None:
    await reported(world)
    job = await newest(world)
    reports = world.client.services.reports
    said = await asyncio.gather(
        reports.decide(world.guild.id, job.id, "restored", block=False, by=1),
        reports.decide(world.guild.id, job.id, "removed", block=True, by=2),
        return_exceptions=True,
    )
    assert [isinstance(each, AlreadyDecided) for each in said] in ([False, True], [True, False])
    _, report = await reports.look_up(world.guild.id, job.id)
    assert report
    assert (report.decision == "removed") == (not world.outcomes())


async def test_a_decision_that_discord_cant_carry_out_now_is_not_taken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, card = await reported(world)

    async def away(*_: object) -> bool:
        raise PostFailed(problem="503")

    with monkeypatch.context() as patch:
        patch.setattr(PostedResults, "remove", away)
        assert "nothing was done" in answer(await world.moderator.click(card, label="Remove and block"))
    assert "is on its way" in await world.text()
    await world.quiet()
    assert "deleted" in answer(await world.moderator.click(card, label="Remove"))


async def test_who_asked_for_a_video_deletes_it_and_nobody_else_does(world: World) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    stranger = world.guild.add_member(world.env.create_user("eve"))
    assert "Only the person who asked" in answer(await stranger.click(world.outcomes()[0], label="Delete"))
    assert "deleted here and from my storage" in answer(await world.member.click(world.outcomes()[0], label="Delete"))
    assert not world.outcomes()


# --- Confirming once ------------------------------------------------------------------------------------------------


async def test_the_first_video_asks_to_confirm_once_and_then_goes_on_by_itself(world: World) -> None:
    await world.add_key()
    eve = world.guild.add_member(world.env.create_user("eve"))
    options = {"video": CLIP, "text": "Hello there", "voice": "en:genshin_vindi2"}
    asked = await eve.slash(world.channel, "lipsync text", **options)
    assert "people who agreed to exactly this" in answer(asked)
    assert not world.client.services.worker.open_jobs
    assert "is on its way" in answer(await press(eve, asked, "I confirm; make the video"))
    twice = answer(await press(eve, asked, "I confirm; make the video"))
    assert "If your video isn't under way yet, use the command once more." in twice
    await world.quiet()
    assert "is on its way" in answer(await eve.slash(world.channel, "lipsync text", **options))
    await world.quiet()
    assert len(world.sandbox.runs.ledger) == 2


# --- Setup ----------------------------------------------------------------------------------------------------------


async def test_setup_shows_every_gap_and_leads_to_each_within_three_clicks(world: World) -> None:
    shown = await admin(world, "setup")
    assert "⚠️ **Keys**: none yet" in answer(shown)
    assert "⚠️ **Limits**: nothing limits" in answer(shown)
    assert "⚠️ **Log**: no channel" in answer(shown)
    assert "✅ **My permissions here and in threads here**: all I need" in answer(shown)
    assert labels(shown) == ["Add a key", "Limits", "Channels", "Roles", "Log channel", "Approval", "Check again"]

    offered = await press(world.moderator, shown, "Add a key")
    form = await pick(world, offered, ["runcomfy"])
    assert form.modal
    field = form.modal["components"][0]["component"]["custom_id"]
    assert "works and is saved" in answer(await world.moderator.submit_modal(form, {field: "rc-canary-key-0001"}))

    form = await press(world.moderator, shown, "Limits")
    assert form.modal
    fields = [part["component"]["custom_id"] for part in form.modal["components"]]
    values = dict(zip(fields, ["3", "1", "30", "12.50"], strict=True))
    said = answer(await world.moderator.submit_modal(form, values))
    assert "**The whole server**: $12.50 a month" in said
    assert "**Everyone**: 1 video at once" in said

    channel = world.guild.create_text_channel("log")
    offered = await press(world.moderator, shown, "Log channel")
    said = answer(await pick(world, offered, [channel]))
    assert f"<#{channel.id}> tells what happens" in said

    offered = await press(world.moderator, shown, "Approval")
    said = answer(await pick(world, offered, ["first"]))
    assert "first video needs approval" in said

    again = await admin(world, "setup")
    assert "⚠️" not in answer(again)
    world.env.backend.delete_channel(channel.id)
    assert "⚠️ **Log**: its channel is gone, or hidden from me" in answer(await admin(world, "setup"))
    await press(world.moderator, shown, "Check again")


async def test_an_emptied_field_takes_a_limit_away_and_words_are_no_numbers(world: World) -> None:
    shown = await admin(world, "setup")
    for typed, words in (("3", "3 videos a day"), ("many", "is no number"), ("-1", "is no number"), ("", "None.")):
        form = await press(world.moderator, shown, "Limits")
        assert form.modal
        fields = [part["component"]["custom_id"] for part in form.modal["components"]]
        said = answer(await world.moderator.submit_modal(form, dict.fromkeys(fields, "") | {fields[0]: typed}))
        assert words in said


async def test_a_new_server_is_told_its_first_limits_at_setup(world: World) -> None:
    guild = world.env.create_guild("New")
    mods = guild.create_role("Mods", permissions=discord.Permissions(manage_guild=True))
    mo = guild.add_member(world.env.create_user("mo"), roles=[mods])
    room = guild.create_text_channel("room")
    shown = await mo.slash(room, "lipsync-admin setup")
    for words in ("**The whole server**: 30 videos a day", "1 video at once", "**Everyone**: 3 videos a day"):
        assert words in answer(shown)


async def test_the_servers_automod_rules_apply_to_what_is_spoken(world: World) -> None:
    await world.add_key()
    staff = world.guild.create_role("Staff")
    world.env.backend.create_auto_mod_rule(
        world.guild.id,
        world.moderator.id,
        {
            "name": "No fruit", "event_type": 1, "trigger_type": 1, "exempt_roles": [str(staff.id)],
            "trigger_metadata": {"keyword_filter": ["banana*"], "regex_patterns": ["(a+)+kiwi"], "allow_list": []},
            "actions": [{"type": 1, "metadata": {}}],
        },
    )  # fmt: skip
    assert "AutoMod rule “No fruit” doesn't allow these words" in await world.text(text="I like BANANAS, you know")
    assert "No fruit" in await world.audio(audio=("aaaakiwi.mp3", b"x"))
    assert "is on its way" in await world.text(text="I like ananas, and you know it")
    ana = world.guild.add_member(world.env.create_user("ana"), roles=[staff])
    options = {"video": CLIP, "text": "Bananas, bananas, and nothing else", "voice": "en:genshin_vindi2"}
    assert "Before your first video" in answer(await ana.slash(world.channel, "lipsync text", **options))


async def test_a_forgotten_members_video_can_still_be_reported_and_removed(world: World) -> None:
    channel = await log_channel(world)
    await world.add_key()
    await world.text()
    await world.quiet()
    await world.client.services.privacy.forget(world.member.id)
    said = answer(await world.moderator.click(world.outcomes()[0], label="Report"))
    assert "It's blurred until a moderator reviews it. I've asked the moderators in their channel." in said
    assert world.outcomes()[0].attachments[0].is_spoiler()
    await told(channel, "was reported")
    (card,) = [message for message in channel.history() if "was reported" in text_of(message)]
    assert "It is deleted" in answer(await world.moderator.click(card, label="Remove"))
    assert not world.outcomes()


async def test_a_reported_video_is_not_forgotten_before_it_is_decided_on(world: World) -> None:
    _, card = await reported(world)
    job = await newest(world)
    await world.client.services.privacy.forget(world.member.id)
    assert (await newest(world)) == job
    said = answer(await world.moderator.click(card, label="Remove and block"))
    assert f"<@{world.member.id}> is blocked" in said
    assert (await newest(world)).forgotten_at


async def test_what_discord_doesnt_let_the_bot_delete_is_not_called_deleted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, card = await reported(world)

    async def forbidden(*_: object, **__: object) -> None:
        answer_403 = type("Answer", (), {"status": 403, "reason": "Forbidden"})()
        raise discord.Forbidden(answer_403, {"code": 50013, "message": "Missing Permissions"})

    with monkeypatch.context() as patch:
        patch.setattr(discord.PartialMessage, "delete", forbidden)
        assert "nothing was done" in answer(await world.moderator.click(card, label="Remove"))
    assert world.outcomes()
    assert not (await newest(world)).forgotten_at
    assert "It is deleted" in answer(await world.moderator.click(card, label="Remove"))


async def test_a_blocked_members_waiting_video_is_not_approved(world: World) -> None:
    _, message = await held(world)
    await admin(world, "access block", member=world.member)
    assert "is blocked by now" in answer(await world.moderator.click(message, label="Approve"))
    assert (await newest(world)).state == "held"


async def test_a_blocked_member_cant_hide_other_peoples_videos(world: World) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    await admin(world, "access block", member=world.member)
    assert "don't let you use me" in answer(await world.member.click(world.outcomes()[0], label="Report"))
    assert not world.outcomes()[0].attachments[0].is_spoiler()


async def test_an_unknown_outcome_counts_whole_though_its_first_step_is_known(world: World) -> None:
    provider = scripted(world, Scripted, "first", "last")
    provider.asks = Decimal("0.50")
    provider.on_submit = lambda call: (
        UnknownOutcome("cut") if call.stage == "last" else Done({"first_id": "x"}, Decimal(0))
    )
    await start(world)
    await world.quiet()
    job = await newest(world)
    assert (job.state, job.counted_at is not None, job.micros) == ("unknown", True, 500_000)
    assert "Whether Scripted charges for it is not known" in world.outcomes()[0].content
