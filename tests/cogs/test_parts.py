"""A text that is too long for one call: made in parts and joined; of what fails later, the parts before it arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.chat.errors import PostFailed, PostRefused
from bot.chat.result_post import ResultPosts
from bot.domain.job import Job
from bot.domain.results import Parcel, Rung, Sent
from bot.media.editor import Editor, TooMuchWork
from bot.sandbox.studio import Order, Studio, Unfit
from tests.cogs.test_offers import labels, picture, press, the_video, wish
from tests.scripted import until
from tests.world import World, answer, open_world

SENTENCE = "This is the first sentence, and it is fairly long, for a sentence."
LINE = " ".join([SENTENCE] * 3)


class Forgetful(Studio):
    """Keeps no video longer than until the next one is made."""

    async def dub(self, order: Order, video: Path, audio: Path | None, target: Path) -> None:
        for earlier in target.parent.glob("*.mp4"):
            earlier.unlink()
        await super().dub(order, video, audio, target)


class LosingTheFirst(Studio):
    """Says of the first video that it is made, and doesn't have it."""

    def __init__(self) -> None:
        self.made = 0

    async def dub(self, order: Order, video: Path, audio: Path | None, target: Path) -> None:
        self.made += 1
        if self.made > 1:
            await super().dub(order, video, audio, target)


class Failing(Studio):
    """Makes so many videos and no more."""

    def __init__(self, makes: int) -> None:
        self.makes = makes

    async def dub(self, order: Order, video: Path, audio: Path | None, target: Path) -> None:
        if not self.makes:
            raise Unfit("no face was found")
        self.makes -= 1
        await super().dub(order, video, audio, target)


@asynccontextmanager
async def a_world(folder: Path, studio: Studio | None = None) -> AsyncIterator[World]:
    async with open_world(folder, rendering=True) as world:
        world.sandbox.runs.studio = studio or world.sandbox.runs.studio
        await world.add_key()
        yield world


async def test_a_long_text_is_made_in_parts_and_joined(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        said = await wish(world, text=LINE)
        assert "it speaks at most 120 characters at once, and this text has 200" in answer(said)
        assert labels(said) == ["Make 3 parts", "Cancel"]
        await press(world, said, "Make 3 parts")
        seconds = picture(await the_video(world, tmp_path))[0]
        runs = world.sandbox.runs.ledger
        assert [run.order.text for run in runs] == [SENTENCE] * 3
        assert seconds == pytest.approx(sum(run.seconds for run in runs), abs=0.3)


async def test_a_part_is_fetched_before_the_next_one_is_made(tmp_path: Path) -> None:
    async with a_world(tmp_path, Forgetful()) as world:
        await press(world, await wish(world, text=LINE), "Make 3 parts")
        seconds = picture(await the_video(world, tmp_path))[0]
        assert seconds == pytest.approx(sum(run.seconds for run in world.sandbox.runs.ledger), abs=0.3)
        (job,) = await world.client.services.ledger.jobs(world.guild.id)
        job_files = world.parts.job_files
        assert not list(job_files.of(job).glob("*.mp4"))  # all of it is gone, now that it is posted


async def test_parts_that_cannot_be_joined_are_kept_and_handed_out_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_much(*_: object) -> None:
        raise TooMuchWork("it takes too long")

    monkeypatch.setattr(Editor, "join", too_much)
    async with a_world(tmp_path) as world:
        await press(world, await wish(world, text=LINE), "Make 3 parts")
        await world.quiet(90)
        (outcome,) = world.outcomes()
        assert "`/lipsync jobs` hands it out" in outcome.content
        own = await world.member.slash(world.channel, "lipsync jobs")
        (get,) = [label for label in labels(own) if label.startswith("Get")]
        assert own.response
        got = await world.member.click(own.response, label=get)
        assert "in 3 pieces" in answer(got)
        assert got.response
        assert len(got.response.attachments) == 3


async def test_of_a_text_whose_last_part_fails_the_parts_before_it_arrive(tmp_path: Path) -> None:
    async with a_world(tmp_path, Failing(2)) as world:
        await press(world, await wish(world, text=LINE), "Make 3 parts")
        seconds = picture(await the_video(world, tmp_path))[0]
        runs = world.sandbox.runs.ledger
        assert seconds == pytest.approx(sum(run.seconds for run in runs if run.status == "completed"), abs=0.3)
        (outcome,) = world.outcomes()
        assert "could not make this video" in outcome.content
        assert "It stopped at part 3 of 3." in outcome.content
        assert "What was made before is attached." in outcome.content
        assert "It stopped at part 3 of 3." in world.card_text()
        (job,) = await world.client.services.ledger.jobs(world.guild.id)
        assert (job.state, job.failure) == ("failed", "provider_failed")


async def test_parts_that_can_be_posted_nowhere_are_kept_and_handed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = ResultPosts.post

    async def no_files(self: ResultPosts, job: Job, rung: Rung, parcel: Parcel | None) -> Sent:
        if parcel:
            raise PostRefused(problem="no files here")
        return await post(self, job, rung, None)

    monkeypatch.setattr(ResultPosts, "post", no_files)
    async with a_world(tmp_path, Failing(2)) as world:
        await press(world, await wish(world, text=LINE), "Make 3 parts")
        await world.quiet(90)
        (outcome,) = world.outcomes()
        assert "It stopped at part 3 of 3." in outcome.content
        assert "What was made of it is kept until" in outcome.content
        own = await world.member.slash(world.channel, "lipsync jobs")
        assert "no video: the provider couldn't make it; what was made of it is kept until" in answer(own)
        (get,) = [label for label in labels(own) if label.startswith("Get")]
        assert own.response
        got = await world.member.click(own.response, label=get)
        assert got.response
        assert got.response.attachments


async def test_parts_that_cannot_be_posted_for_a_day_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Rung] = []

    async def down(_: ResultPosts, _job: Job, rung: Rung, _parcel: Parcel | None) -> Sent:
        tried.append(rung)
        raise PostFailed(problem="503")

    monkeypatch.setattr(ResultPosts, "post", down)
    async with a_world(tmp_path, Failing(2)) as world:
        await press(world, await wish(world, text=LINE), "Make 3 parts")
        await until(lambda: tried)
        world.clock.skipped += 25 * 3600
        await world.quiet(90)
        (job,) = await world.client.services.ledger.jobs(world.guild.id)
        assert job.kept_until
        assert world.parts.job_files.whole(job)


async def test_where_one_part_is_lost_the_others_are_kept(tmp_path: Path) -> None:
    async with a_world(tmp_path, LosingTheFirst()) as world:
        await press(world, await wish(world, text=LINE), "Make 3 parts")
        await world.quiet(90)
        (outcome,) = world.outcomes()
        assert "couldn't download it" in outcome.content
        assert "What was made of it is kept until" in outcome.content
        (job,) = await world.client.services.ledger.jobs(world.guild.id)
        job_files = world.parts.job_files
        assert [file.name for file in job_files.whole(job)] == ["part-1.mp4", "part-2.mp4"]


async def test_a_text_whose_first_part_fails_ends_in_the_sentence_alone(tmp_path: Path) -> None:
    async with a_world(tmp_path, Failing(0)) as world:
        await press(world, await wish(world, text=LINE), "Make 3 parts")
        await world.quiet(90)
        (outcome,) = world.outcomes()
        assert not outcome.attachments
        assert "It stopped at part" not in outcome.content
        assert "attached" not in outcome.content


async def test_parts_that_cannot_be_fetched_any_more_leave_the_sentence_alone(tmp_path: Path) -> None:
    async with a_world(tmp_path, Failing(1)) as world:
        world.sandbox.faults.add("answer", "GET", "/files/*", status=404, times=100)
        await press(world, await wish(world, text=LINE), "Make 3 parts")
        await world.quiet(90)
        (outcome,) = world.outcomes()
        assert not outcome.attachments
        assert "It stopped at part 2 of 3." in outcome.content
        (job,) = await world.client.services.ledger.jobs(world.guild.id)
        assert (job.state, job.failure) == ("failed", "provider_failed")
