"""*Again* and *Change voice* under a finished video: from the files that are kept, by whoever asked for it."""

from __future__ import annotations

import os
from errno import ENOENT, EPERM
from typing import Any

import pytest

from bot.clock import DAY
from bot.domain.flows import Flow, Stage
from bot.domain.job import Job
from bot.media.editor import Editor
from bot.net.faults import BadKey, InputRejected, OutOfCredit, ProviderError
from bot.providers._faces import SESSION_SECONDS
from bot.providers._kling_limits import LEGACY
from bot.providers.base import Accepted, Submission
from tests.asking.test_candidates import facts_of_the_clip
from tests.canned import real_clip
from tests.cogs.test_offers import choose, long_clip, press, sent, wish, write_ogg
from tests.scripted import Scripted, in_turn, outcome, scripted, start
from tests.world import World, answer, open_world

RUNNINGHUB = ["rh-canary-0001", "ai"]
LINE = "A line that is long enough to be spoken."

pytestmark = pytest.mark.parametrize("kept_in", ["data folder", "bucket"], indirect=True)


async def made(world: World, **options: Any) -> Any:
    """The message with a finished video."""
    assert "is on its way" in await world.text(text=LINE, **options)
    await world.quiet()
    return world.outcomes()[0]


async def change_voice(world: World, message: Any, text: str = "Something else, and just as long.") -> str:
    """What its member reads after asking for the video with another voice."""
    form = await world.member.click(message, label="Change voice")
    assert form.modal
    fields = [part["component"]["custom_id"] for part in form.modal["components"]]
    return answer(await world.member.submit_modal(form, dict(zip(fields, (text, ["en:AOT"], ""), strict=True))))


def refuse_once(world: World, monkeypatch: pytest.MonkeyPatch, fault: ProviderError, before: Any = None) -> None:
    """Let RunningHub refuse its next call, after something has happened."""
    provider, left = world.parts.providers["runninghub"], [fault]
    submit = provider.submit

    async def refusing(call: Submission) -> Any:
        if left:
            raised = left.pop()
            if before:
                await before()
            raise raised
        return await submit(call)

    monkeypatch.setattr(provider, "submit", refusing)


def failing(error: OSError) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


async def newest(world: World) -> Job:
    return (await world.client.services.ledger.jobs(world.guild.id))[0]


async def test_again_makes_the_same_once_more_from_the_kept_clip(world: World) -> None:
    await world.add_key()
    message = await made(world)
    assert "is on its way" in answer(await world.member.click(message, label="Again"))
    await world.quiet()
    first, second = [run.order for run in world.sandbox.runs.ledger]
    assert (second.text, second.voice_id) == (first.text, first.voice_id)
    assert "prepared-" in second.video_url
    assert len([found for found in world.thread().history() if found.attachments]) == 2


async def test_the_voice_and_the_words_can_be_changed(world: World) -> None:
    await world.add_key()
    form = await world.member.click(await made(world), label="Change voice")
    assert form.modal
    words, voice, other = (part["component"] for part in form.modal["components"])
    assert words["value"] == LINE
    given = {words["custom_id"]: "Something else.", voice["custom_id"]: ["en:AOT"], other["custom_id"]: ""}
    assert "is on its way" in answer(await world.member.submit_modal(form, given))
    await world.quiet()
    order = world.sandbox.runs.ledger[1].order
    assert (order.text, order.voice_id) == ("Something else.", "AOT")


async def test_only_whoever_asked_for_it_makes_it_again(world: World) -> None:
    await world.add_key()
    message = await made(world)
    for label in ("Again", "Change voice"):
        assert "Only the person who asked for" in answer(await world.moderator.click(message, label=label))
    assert len(world.sandbox.runs.ledger) == 1


async def test_a_day_later_the_clip_is_gone_and_that_is_said(world: World) -> None:
    await world.add_key()
    message = await made(world)
    world.clock.skipped += 1.1 * DAY
    await world.client.services.cleanup.tidy()
    assert "I keep clips for a day" in answer(await world.member.click(message, label="Again"))
    assert len(world.sandbox.runs.ledger) == 1


async def test_a_clip_that_was_never_kept_because_the_bot_died_is_fetched_again(world: World) -> None:
    await world.add_key()
    message = await made(world)
    await world.parts.job_files.throw_away((await newest(world)).id)
    assert "is on its way" in answer(await world.member.click(message, label="Again"))
    await world.quiet()
    first, second = [run.order for run in world.sandbox.runs.ledger]
    assert second.text == first.text
    assert world.parts.job_files.clip(await newest(world)).exists()


async def test_a_clip_that_was_never_kept_and_whose_address_has_ended_is_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.add_key()
    message = await made(world)
    await world.parts.job_files.throw_away((await newest(world)).id)
    monkeypatch.setattr(world.parts.incoming, "lasts", lambda *_: False)
    assert "I keep clips for a day" in answer(await world.member.click(message, label="Again"))
    assert list((world.parts.job_files.folder.parent / "intake").iterdir()) == []


async def test_a_clip_that_goes_at_that_moment_is_gone_and_leaves_nothing_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.add_key()
    message = await made(world)
    world.clock.skipped += 1.1 * DAY
    monkeypatch.setattr(os, "link", failing(FileNotFoundError(ENOENT, "it is gone")))
    assert "I keep clips for a day" in answer(await world.member.click(message, label="Again"))
    assert list((world.parts.job_files.folder.parent / "intake").iterdir()) == []


async def test_where_no_file_can_have_two_names_the_clip_is_copied(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.add_key()
    message = await made(world)
    monkeypatch.setattr(os, "link", failing(PermissionError(EPERM, "not on this file system")))
    assert "is on its way" in answer(await world.member.click(message, label="Again"))
    await world.quiet()
    assert len(world.sandbox.runs.ledger) == 2


async def test_what_is_reported_is_not_made_again_before_it_is_decided(world: World) -> None:
    await world.add_key()
    message = await made(world)
    await world.moderator.click(message, label="Report")
    assert "moderators decide about it first" in answer(await world.member.click(message, label="Again"))
    assert len(world.sandbox.runs.ledger) == 1


async def test_the_face_that_was_found_is_not_paid_for_again(world: World) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    await world.member.click(await made(world), label="Again")
    await world.quiet()
    assert [run.order.makes for run in world.sandbox.runs.ledger] == ["face", "speech", "video", "speech", "video"]
    assert (await newest(world)).state == "succeeded"


async def test_a_face_session_that_has_ended_is_looked_for_anew(world: World) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    message = await made(world)
    database = world.parts.database

    async def forget(tx: Any) -> None:
        await tx.row("UPDATE jobs SET yields = json_set(yields, '$.session_id', '1')")

    await database.write(forget, guild_id=None)
    await world.member.click(message, label="Again")
    await world.quiet()
    job = await newest(world)
    assert job.state == "succeeded", job.detail
    makes = [run.order.makes for run in world.sandbox.runs.ledger]
    assert (makes.count("face"), makes.count("speech")) == (2, 2)  # the speech of this job is not paid for again


async def test_what_any_provider_keeps_is_used_again_as_its_stages_say(world: World) -> None:
    provider = scripted(world, Scripted, "survey", "make")
    survey = Stage("survey", "Surveying", yields=("survey_id",), kept_seconds=100.0)
    provider.flows = (Flow("audio", "audio", LEGACY, (survey, Stage("make", "Making", uses_kept=True))),)  # type: ignore[misc]
    await start(world)
    message = await outcome(world)
    await world.member.click(message, label="Again")
    await world.quiet()
    assert [call.stage for call in provider.submits] == ["survey", "make", "make"]
    assert provider.submits[2].yields["survey_id"] == "id-of-survey"
    provider.on_submit = in_turn(InputRejected("which survey?"), *[Accepted("remote")] * 2)
    await world.member.click(message, label="Again")
    await world.quiet()
    assert [call.stage for call in provider.submits[3:]] == ["make", "survey", "make"]
    assert (await newest(world)).state == "succeeded"


async def test_words_that_are_refused_are_not_laid_at_the_face_sessions_door(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    message = await made(world)
    refuse_once(world, monkeypatch, InputRejected("the text"))
    await world.member.click(message, label="Again")
    await world.quiet()
    job = await newest(world)
    assert (job.state, job.failure, job.counted_at) == ("failed", "input_rejected", None)
    assert len(world.sandbox.runs.ledger) == 3  # all of the first job


async def test_an_old_clip_is_handed_over_again_and_its_face_looked_for_anew(world: World) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    message = await made(world)
    world.clock.skipped += SESSION_SECONDS
    await world.member.click(message, label="Again")
    await world.quiet()
    orders = [run.order for run in world.sandbox.runs.ledger]
    assert [order.makes for order in orders] == ["face", "speech", "video"] * 2
    assert orders[3].video_url != orders[0].video_url  # not the link of then


async def test_a_face_session_grows_no_younger_by_being_used_again(world: World) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    message = await made(world)
    for _ in range(2):
        world.clock.skipped += 0.6 * SESSION_SECONDS
        await world.member.click(message, label="Again")
        await world.quiet()
        message = world.outcomes()[0]
    makes = [run.order.makes for run in world.sandbox.runs.ledger]
    assert makes == ["face", "speech", "video", "speech", "video", "face", "speech", "video"]


async def test_another_account_finds_the_face_itself(world: World) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    message = await made(world)
    await world.fill_key_form("runninghub", ["rh-canary-0002", "ai"])
    await world.member.click(message, label="Again")
    await world.quiet()
    assert [run.order.makes for run in world.sandbox.runs.ledger].count("face") == 2


@pytest.mark.parametrize("fault", [BadKey("401"), OutOfCredit("402")])
async def test_where_the_face_was_paid_before_and_nothing_since_the_next_provider_is_tried(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: ProviderError
) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    message = await made(world)
    await world.add_key()
    refuse_once(world, monkeypatch, fault)
    assert "is on its way" in await change_voice(world, message)
    await world.quiet()
    job = await newest(world)
    assert (job.state, job.provider) == ("succeeded", "runcomfy"), job.failure


async def test_a_face_session_goes_with_the_key_that_found_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    message = await made(world)
    newer = ["rh-canary-0002", "ai"]
    refuse_once(world, monkeypatch, BadKey("401"), before=lambda: world.fill_key_form("runninghub", newer))
    await world.member.click(message, label="Again")
    await world.quiet()
    assert (await newest(world)).state == "succeeded"
    runs = [(run.account, run.order.makes) for run in world.sandbox.runs.ledger[3:]]
    assert runs == [(newer[0], "face"), (newer[0], "speech"), (newer[0], "video")]


async def test_a_longer_text_is_offered_in_parts_and_not_just_paid_for(world: World) -> None:
    await world.add_key()
    long = "This is a sentence of some length, and there will be more. " * 4
    assert "at most 120 characters at once" in await change_voice(world, await made(world), long)
    assert len(world.sandbox.runs.ledger) == 1


async def test_more_parts_than_were_agreed_to_are_asked_for_anew(tmp_path: Any, kept_in: dict[str, Any]) -> None:
    sentence = "This is the first sentence, and it is fairly long, for a sentence."
    async with open_world(tmp_path, rendering=True, **kept_in) as world:
        await world.add_key()
        await press(world, await wish(world, text=f"{sentence} {sentence}"), "Make 2 parts")
        await world.quiet(90)
        (outcome,) = world.outcomes()
        offered = await change_voice(world, outcome, " ".join([sentence] * 4))
        assert "The 4 parts" in offered
        assert len(world.sandbox.runs.ledger) == 2


async def test_a_clip_that_was_used_whole_is_not_trimmed_for_another_provider_without_a_word(world: World) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    facts_of_the_clip(world, seconds=13.0)
    message = await made(world)
    await world.moderator.slash(world.channel, "lipsync-admin key remove", provider="runninghub")
    await world.add_key()
    runs = len(world.sandbox.runs.ledger)
    assert "For RunComfy I can use a part of the clip" in await change_voice(world, message)
    assert len(world.sandbox.runs.ledger) == runs


async def test_the_prepared_part_is_used_again(
    tmp_path: Any, kept_in: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(tmp_path, rendering=True, **kept_in) as world:
        await world.add_key()
        said = await wish(world, video=("clip.mp4", long_clip()))
        await press(world, said, "Use the first 10 s")
        await world.quiet(90)
        edits = []
        clip = Editor.clip

        async def counting(*how: Any) -> None:
            edits.append(how)
            await clip(*how)

        monkeypatch.setattr(Editor, "clip", counting)
        (outcome,) = world.outcomes()
        await world.member.click(outcome, label="Again")
        await world.quiet(90)
        assert edits == []
        assert len(world.sandbox.runs.ledger) == 2
        assert len([found for found in world.thread().history() if found.attachments]) == 2


async def test_again_takes_the_chosen_part_without_the_rest_as_before(tmp_path: Any, kept_in: dict[str, Any]) -> None:
    async with open_world(tmp_path, rendering=True, **kept_in) as world:
        await world.add_key()
        said = await wish(world, video=("clip.mp4", long_clip()))
        assert said.response
        without = await world.member.click(said.response, label="Leave out the rest")
        await choose(world, without, "1", "3.5")
        await world.quiet(90)
        (outcome,) = world.outcomes()
        await world.member.click(outcome, label="Again")
        await world.quiet(90)
        first, second = [run.seconds for run in world.sandbox.runs.ledger]
        assert first == second
        assert first < 4
        longer = "This is a sentence of sixty letters, more or less, as it is. " * 2
        offered = await change_voice(world, outcome, longer + "Yes.")
        assert "speak the text in parts" in offered
        assert "The rest of the clip is left out." in offered


async def test_again_adds_no_silence_that_nobody_asked_for(tmp_path: Any, kept_in: dict[str, Any]) -> None:
    write_ogg(tmp_path / "voice.ogg", "This is a voice message, and no short one.")
    async with open_world(tmp_path, rendering=True, **kept_in) as world:
        await world.add_key()
        voice = ("voice.ogg", (tmp_path / "voice.ogg").read_bytes())
        await press(world, await wish(world, video=("clip.mp4", real_clip(6.0)[1]), audio=voice), "Convert")
        await world.quiet(90)
        await world.member.click(world.outcomes()[0], label="Again")
        await world.quiet(90)
        first, second = sent(world)
        assert first == second
        assert first < 4
