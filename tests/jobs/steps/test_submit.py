"""Sending a stage: what is handed over and measured before, and what a crash in between leaves."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bot.asking.drafts import Draft
from bot.chat.errors import PostRefused, PostTooLarge
from bot.fair_queue import Owned
from bot.media.probe import Unreadable
from bot.net.client import Http
from bot.net.faults import Gone, InputRejected, Unwritable
from bot.providers.base import Accepted, Credentials, Submission
from tests.scripted import CLIP, Findable, Scripted, in_turn, outcome, row, scripted, start
from tests.world import World

LINE = "A line that is long enough to be spoken."
RUNNINGHUB = ["rh-canary-0001", "ai"]


def no_hard_links(number: int) -> Any:
    """What linking does on a file system that has no hard links."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.fixture
def _ending_links(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The links to what people attach end in an hour: sooner than a provider may need them."""
    cdn = world.env.backend.cdn
    store = cdn.store_attachment

    def signed(*given: Any) -> dict[str, Any]:
        stored = store(*given)
        return {**stored, "url": f"{stored['url']}?ex={int(world.clock.now()) + 3600:x}"}

    monkeypatch.setattr(cdn, "store_attachment", signed)


async def test_a_made_speech_is_measured_before_it_is_put_into_the_clip(world: World) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    await world.text(text=LINE)
    assert (await outcome(world)).attachments
    (dub,) = (run.order for run in world.sandbox.runs.ledger if run.order.makes == "video")
    assert (dub.start, dub.end) == (0, 3000)


async def test_a_made_speech_that_is_too_short_ends_the_job_before_the_clip_is_paid(world: World) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)

    async def length(url: str, http: Http, owner: Owned) -> float:  # noqa: ARG001
        return 1.2

    world.parts.incoming.length = length  # type: ignore[method-assign]
    await world.text(text=LINE)
    assert "at least 2 seconds of speech" in (await outcome(world)).content
    assert [run.order.makes for run in world.sandbox.runs.ledger] == ["face", "speech"]


async def test_a_made_speech_that_cannot_be_read_ends_the_job(world: World) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)

    async def length(url: str, http: Http, owner: Owned) -> float:  # noqa: ARG001
        raise Unreadable("nonsense")

    world.parts.incoming.length = length  # type: ignore[method-assign]
    await world.text(text=LINE)
    said = (await outcome(world)).content
    assert "says that it is made, but not where" in said
    assert "front view" not in said
    assert [run.order.makes for run in world.sandbox.runs.ledger] == ["face", "speech"]
    (job,) = await world.parts.stores.ledger.jobs(world.guild.id, unsettled=True)
    assert (job.state, job.failure) == ("unknown", "result_missing")


@pytest.mark.parametrize("fault", [Unreadable("nonsense"), Gone("HTTP 404 for the result")])
async def test_a_made_speech_is_measured_again_before_it_is_given_up(world: World, fault: Exception) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    answers: list[Any] = [fault, fault, 3.0]

    async def length(url: str, http: Http, owner: Owned) -> float:  # noqa: ARG001
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return float(answer)

    world.parts.incoming.length = length  # type: ignore[method-assign]
    await world.text(text=LINE)
    assert (await outcome(world)).attachments
    assert answers == []


@pytest.mark.usefixtures("_ending_links")
@pytest.mark.parametrize(("provider", "form"), [("runninghub", RUNNINGHUB), ("runware", ["rw-canary-0001"])])
async def test_files_whose_link_ends_too_soon_are_handed_over(world: World, provider: str, form: list[str]) -> None:
    await world.fill_key_form(provider, form)
    await world.audio()
    assert (await outcome(world)).attachments
    orders = [run.order for run in world.sandbox.runs.ledger]
    assert not any("attachments-host" in order.video_url + order.audio_url for order in orders)


@pytest.mark.usefixtures("_ending_links")
async def test_a_hand_over_that_fails_is_made_again_since_it_is_free(world: World) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    world.sandbox.faults.add("cut after", "POST", "*/upload/binary", times=2)
    await world.audio()
    assert (await outcome(world)).attachments


@pytest.mark.usefixtures("_ending_links")
async def test_a_disk_that_is_full_while_a_file_is_handed_over_keeps_the_job_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, left = shutil.copyfile, [2]

    def full_at_first(*given: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        copy(*given)

    monkeypatch.setattr("os.link", no_hard_links(errno.EPERM))
    monkeypatch.setattr("shutil.copyfile", full_at_first)
    await world.fill_key_form("runninghub", RUNNINGHUB)
    await world.audio()
    assert (await outcome(world)).attachments
    assert left == [0]


@pytest.mark.usefixtures("_ending_links")
@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP])
async def test_a_data_folder_without_hard_links_hands_files_over_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr("os.link", no_hard_links(number))
    await world.fill_key_form("runninghub", RUNNINGHUB)
    await world.audio()
    assert (await outcome(world)).attachments


@pytest.mark.usefixtures("_ending_links")
async def test_files_that_could_not_be_kept_are_fetched_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise Unwritable("the disk is full")

    monkeypatch.setattr("bot.asking.drafts.Draft.keep_in", fail)
    await world.fill_key_form("runninghub", RUNNINGHUB)
    await world.audio()
    assert (await outcome(world)).attachments


@pytest.mark.usefixtures("_ending_links")
async def test_where_the_provider_takes_no_files_they_lie_in_the_jobs_thread_for_as_long_as_it_needs_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.add_key()
    provider = world.parts.providers["runcomfy"]
    seen: list[str] = []
    submit = provider.submit

    async def looking(call: Submission) -> Any:
        seen.extend(file.filename for message in world.thread().history() for file in message.attachments)
        return await submit(call)

    monkeypatch.setattr(provider, "submit", looking)
    await world.audio()
    message = await outcome(world)
    assert [name.partition("-LS-")[0] for name in seen] == ["prepared", "prepared"]
    assert sorted(name.rpartition(".")[2] for name in seen) == ["mp3", "mp4"]
    (order,) = [run.order for run in world.sandbox.runs.ledger]
    assert "prepared-" in order.video_url
    assert "prepared-" in order.audio_url
    assert [found.id for found in world.thread().history() if found.attachments] == [message.id]


class Uploading(Scripted):
    """The same, of the kind that takes files."""

    uploads = frozenset({"video"})

    async def upload(self, file: Path, credentials: Credentials) -> str:  # noqa: ARG002
        return f"https://scripted.example/{file.name}"


@pytest.mark.parametrize("kind", [Scripted, Uploading])
async def test_what_was_put_into_the_thread_for_a_provider_that_refused_it_is_taken_away_too(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: type[Scripted]
) -> None:
    async def not_found(*_: object) -> None:
        """No earlier message, so that the second provider gets one of its own."""

    monkeypatch.setattr("bot.chat.provider_files.earlier", not_found)
    monkeypatch.setattr("bot.chat.provider_files.nonce", lambda *_: None)
    monkeypatch.setattr("tests.scripted.CLIP", CLIP.model_copy(update={"url": f"{CLIP.url}?ex=1"}))
    first, second = scripted(world, name="first"), scripted(world, kind, name="second")
    first.on_submit = in_turn(InputRejected("422"))
    put: list[int] = []

    def look(_: Submission) -> Accepted:
        put.extend(found.id for found in world.thread().history() if found.attachments)
        return Accepted("r")

    second.on_submit = look
    await start(world, provider=None)
    message = await outcome(world)
    assert len(put) == (2 if kind is Scripted else 1)
    assert [found.id for found in world.thread().history() if found.attachments] == [message.id]


@pytest.mark.usefixtures("_ending_links")
async def test_a_file_that_cannot_be_put_into_the_thread_ends_the_job_before_anything_is_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object) -> None:
        raise PostRefused(problem="no")

    monkeypatch.setattr("bot.chat.provider_files.ProviderFiles.put", refused)
    await world.add_key()
    await world.text()
    said = (await outcome(world)).content
    assert "Discord didn't let me attach the files for RunComfy to fetch" in said
    assert "Nothing was charged" in said
    assert world.sandbox.runs.ledger == []


@pytest.mark.usefixtures("_ending_links")
async def test_an_attachment_that_is_gone_from_discord_is_not_laid_at_the_providers_door(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(draft: Draft, *_: object) -> None:
        draft.throw_away()

    monkeypatch.setattr(Draft, "keep_in", lost)
    world.sandbox.faults.add("answer", "GET", "/attachments-host/*", status=404)
    await world.add_key()
    await world.text()
    assert "couldn't prepare the files" in (await outcome(world)).content
    (job,) = await world.client.services.ledger.jobs(world.guild.id)
    assert job.detail == "the clip that was attached can't be fetched: HTTP 404 for the result"
    assert world.sandbox.runs.ledger == []


@pytest.mark.usefixtures("_ending_links")
async def test_a_file_that_is_too_large_for_the_thread_is_no_question_of_permissions(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object) -> None:
        raise PostTooLarge

    monkeypatch.setattr("bot.chat.provider_files.ProviderFiles.put", refused)
    await world.add_key()
    await world.text()
    assert "a shorter part of it" in (await outcome(world)).content


async def test_our_own_id_for_a_stage_is_a_uuid_stored_before_it_leaves(world: World) -> None:
    provider = scripted(world, Findable)
    handles: list[str] = []

    def note(call: Submission) -> Accepted:
        (open_job,) = world.client.services.worker.held.values()
        assert call.handle == open_job.job.handle
        handles.append(call.handle)
        return Accepted("r")

    provider.on_submit = note
    await start(world)
    await outcome(world)
    assert [str(UUID(handle)) for handle in handles] == handles


async def test_what_else_may_be_tried_is_stored_with_the_job(world: World) -> None:
    scripted(world, name="first")
    scripted(world, name="second")
    job = await start(world, provider=None)
    assert [other.provider for other in (await row(world, job)).fallbacks] == ["second"]
    await world.quiet()
