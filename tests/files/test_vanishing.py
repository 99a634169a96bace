"""With a bucket, the machine's own folder may vanish at any moment: a job ends as it would have, and is paid once."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.asking.server import POLICY_VERSION
from bot.clock import DAY
from bot.files.bucket import Bucket
from bot.files.depot import Depot
from bot.jobs.open_job import OpenJob
from bot.jobs.steps import Step, Steps
from bot.media.editor import Editor
from bot.net.faults import DepotAway
from tests.bucket import bucket_at
from tests.cogs.test_again import made
from tests.cogs.test_offers import picture, press, the_video, wish
from tests.cogs.test_parts import LINE, Forgetful
from tests.world import World, answer, open_world

PARTS = 3


def empty(folder: Path) -> None:
    """Take away everything that lies there for any job."""
    for entry in folder.iterdir():
        shutil.rmtree(entry)


def bucket_of(in_bucket: dict[str, Any]) -> Bucket:
    """The bucket of a bot with these settings."""
    return bucket_at(in_bucket["aws_endpoint_url"], in_bucket["files_url"].rpartition("/")[2])


async def kept(bucket: Bucket | None) -> list[str]:
    """What is in the bucket, by name."""
    assert bucket
    return sorted(path.rpartition("/")[2] for path in await bucket.names("jobs"))


def vanish_at_every_step(patch: pytest.MonkeyPatch, folder: Callable[[], Path]) -> set[tuple[object, ...]]:
    """Empty the folder before the first step of every kind, at every stage of a job; the kinds of step there were."""
    points: set[tuple[object, ...]] = set()
    chosen = Steps.of

    def of(steps: Steps, open_job: OpenJob) -> Step:
        step, phase = chosen(steps, open_job), open_job.phase
        flags = [getattr(phase, name, None) for name in ("gathered", "fetching", "needs_editing")]
        reached = [getattr(phase, name, None) is not None for name in ("call", "fetched", "post")]
        point = (type(step).__name__, open_job.job.state, open_job.job.position, *flags, *reached)
        if point not in points:
            points.add(point)
            empty(folder())
        return step

    patch.setattr(Steps, "of", of)
    return points


@asynccontextmanager
async def a_world(folder: Path, in_bucket: dict[str, Any], **changed: Any) -> AsyncIterator[tuple[World, Bucket]]:
    async with open_world(folder, **in_bucket, **changed) as world:
        await world.add_key()
        yield world, bucket_of(in_bucket)


async def test_a_video_in_parts_arrives_whole_although_the_folder_vanishes_at_every_step(
    tmp_path: Path, in_bucket: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, in_bucket, rendering=True) as (world, bucket):
        world.sandbox.runs.studio = Forgetful()  # what is made can be fetched once
        points = vanish_at_every_step(monkeypatch, lambda: world.parts.job_files.folder)
        await press(world, await wish(world, text=LINE), f"Make {PARTS} parts")
        seconds = picture(await the_video(world, tmp_path))[0]
        runs = world.sandbox.runs.ledger
        assert len(runs) == PARTS
        assert seconds == pytest.approx(sum(run.seconds for run in runs), abs=0.3)
        assert len(points) > 4 * PARTS
        assert not [name for name in await kept(bucket) if name.endswith(".mp4")]
        empty(world.parts.job_files.folder)
        world.clock.skipped += 2 * DAY
        await world.client.services.cleanup.tidy()
        assert await kept(bucket) == []


def vanish_in_every_edit(patch: pytest.MonkeyPatch, folder: Callable[[], Path]) -> list[str]:
    """Empty the folder when an edit of each kind is begun for the first time; the kinds."""
    kinds: list[str] = []

    def vanishing(kind: str) -> Any:
        edit = getattr(Editor, kind)

        async def edited(it: Editor, *given: Any) -> Any:
            if kind not in kinds:
                kinds.append(kind)
                empty(folder())
            return await edit(it, *given)

        return edited

    for kind in ("clip", "join", "put_back", "shrink"):
        patch.setattr(Editor, kind, vanishing(kind))
    return kinds


async def test_a_folder_that_vanishes_in_the_middle_of_an_edit_costs_another_edit(
    tmp_path: Path, in_bucket: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, in_bucket, rendering=True) as (world, _):
        world.sandbox.runs.studio = Forgetful()
        kinds = vanish_in_every_edit(monkeypatch, lambda: world.parts.job_files.folder)
        await press(world, await wish(world, text=LINE), f"Make {PARTS} parts")
        seconds = picture(await the_video(world, tmp_path))[0]
        assert seconds == pytest.approx(sum(run.seconds for run in world.sandbox.runs.ledger), abs=0.3)
        assert len(world.sandbox.runs.ledger) == PARTS
        assert {"clip", "join"} <= set(kinds)


async def test_what_is_not_kept_does_not_survive_that(
    tmp_path: Path, in_bucket: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_kept(*_: object) -> None: ...

    monkeypatch.setattr(Depot, "keep", not_kept)
    async with a_world(tmp_path, in_bucket, rendering=True) as (world, _):
        world.sandbox.runs.studio = Forgetful()
        vanish_at_every_step(monkeypatch, lambda: world.parts.job_files.folder)
        await press(world, await wish(world, text=LINE), f"Make {PARTS} parts")
        await world.quiet(90)
        (outcome,) = world.outcomes()
        assert not outcome.attachments


async def test_again_begins_from_the_bucket_when_the_folder_is_empty(
    tmp_path: Path, in_bucket: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, in_bucket) as (world, _):
        message = await made(world)
        empty(world.parts.job_files.folder)
        monkeypatch.setattr(world.parts.incoming, "lasts", lambda *_: False)
        assert "is on its way" in answer(await world.member.click(message, label="Again"))
        await world.quiet()
        assert len(world.sandbox.runs.ledger) == 2


async def test_who_has_themselves_erased_leaves_nothing_in_the_bucket_also_when_the_bot_dies_on_the_way(
    tmp_path: Path, in_bucket: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def died(*_: object) -> None: ...

    async with a_world(tmp_path, in_bucket) as (world, bucket):
        await made(world)
        with monkeypatch.context() as patch:
            patch.setattr(Depot, "throw_away", died)
            await world.client.services.privacy.forget(world.member.id)
        assert await kept(bucket) == ["clip"]
        await world.client.services.cleanup.tidy()
        assert await kept(bucket) == []
        await world.parts.stores.access.attest(world.member.id, POLICY_VERSION, now=world.clock.now())
        await made(world)
        await world.client.services.privacy.forget(world.member.id)
        assert await kept(bucket) == []


@pytest.mark.parametrize("calls", ["put_file", "names", "get_file"])
async def test_a_bucket_that_is_away_is_waited_for_and_nothing_is_paid_twice(
    tmp_path: Path, in_bucket: dict[str, Any], monkeypatch: pytest.MonkeyPatch, calls: str
) -> None:
    async with a_world(tmp_path, in_bucket) as (world, _):
        tried: list[object] = []
        asked = getattr(Bucket, calls)

        async def away(it: Bucket, *given: Any) -> Any:
            tried.append(given)
            if len(tried) < 6:
                raise DepotAway("away")
            return await asked(it, *given)

        monkeypatch.setattr(Bucket, calls, away)
        message = await made(world)
        assert message.attachments
        assert len(world.sandbox.runs.ledger) == 1


async def test_while_the_bucket_is_away_people_are_told(
    tmp_path: Path, in_bucket: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> Any:
        raise DepotAway("away")

    async with a_world(tmp_path, in_bucket) as (world, _):
        message = await made(world)
        with monkeypatch.context() as patch:
            patch.setattr(Bucket, "names", away)
            said = answer(await world.member.click(message, label="Again"))
        assert said.startswith("I can't reach the place where I keep files just now. Nothing was started")
        assert len(world.sandbox.runs.ledger) == 1
