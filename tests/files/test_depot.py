"""What of a job's files is kept beside the disk, and that nothing stays there of what is thrown away."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from obstore.store import MemoryStore

from bot.domain.job import Job
from bot.files.bucket import Bucket
from bot.files.depot import Depot
from bot.files.job_files import JobFiles
from bot.net.faults import DepotAway
from tests.files.test_job_files import needing
from tests.words.test_job_card import a_job


class Store(Bucket):
    """A bucket in memory, that may be away."""

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.is_away = False

    def __getattribute__(self, name: str) -> Any:
        if name in {"put", "put_file", "get", "get_file", "names", "remove"} and self.is_away:
            return self._away
        return super().__getattribute__(name)

    async def _away(self, *_: object) -> Any:
        raise DepotAway("away")


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def job_files(store: Store, tmp_path: Path) -> JobFiles:
    """Files of jobs on a disk beside that bucket."""
    return on_a_disk(tmp_path / "one", store)


def on_a_disk(folder: Path, store: Store) -> JobFiles:
    """The files as another machine sees them."""
    folder.mkdir()
    return JobFiles(folder, Depot(store))


async def kept(store: Store) -> list[str]:
    """What is in the bucket."""
    return sorted(await store.names("jobs"))


def write(*files: Path, data: bytes = b"data") -> None:
    for file in files:
        file.write_bytes(data)


def attach(job_files: JobFiles, job: Job) -> None:
    """A clip and a recording, something prepared, and what is not whole."""
    place = job_files.of(job)
    write(*(place / name for name in ("clip", "sound", "video-0123456789ab", "clip.x1.part", "part-0.mp4")))
    (place / "upload-x").mkdir()


async def test_what_was_attached_and_prepared_is_kept_whole_and_found_on_another_machine(
    job_files: JobFiles, store: Store, tmp_path: Path
) -> None:
    job = a_job()
    attach(job_files, job)
    await job_files.keep_attached(job)
    assert await kept(store) == ["jobs/7/clip", "jobs/7/sound", "jobs/7/video-0123456789ab"]
    other = on_a_disk(tmp_path / "other", store)
    other.of(job)
    assert await other.has(other.clip(job))
    assert not await other.has(other.part(job, 0))
    await other.bring_back(job, attached=True)
    assert sorted(file.name for file in other.of(job).iterdir()) == ["clip", "sound", "video-0123456789ab"]


async def test_what_another_process_kept_first_counts(job_files: JobFiles, store: Store, tmp_path: Path) -> None:
    frozen, job = on_a_disk(tmp_path / "frozen", store), a_job("succeeded")
    write(job_files.part(job, 0), data=b"the first one's")
    await job_files.keep(job_files.part(job, 0))
    write(frozen.part(job, 0), data=b"late")
    await frozen.keep(frozen.part(job, 0))
    assert frozen.part(job, 0).read_bytes() == job_files.part(job, 0).read_bytes() == b"the first one's"


async def test_a_video_that_is_a_single_part_is_kept_once(job_files: JobFiles, store: Store, tmp_path: Path) -> None:
    job = a_job("succeeded", closed_at=1.0, kept_until=5.0)
    write(job_files.part(job, 0))
    await job_files.keep(job_files.part(job, 0))
    job_files.part(job, 0).replace(job_files.video(job))
    await job_files.keep_video(job)
    assert await kept(store) == ["jobs/7/part-0.mp4"]
    await job_files.bring_back(job)
    assert [file.name for file in job_files.of(job).iterdir()] == ["video.mp4"]
    await job_files.throw_away_made(job)
    other = on_a_disk(tmp_path / "other", store)
    assert await other.has_whole(job)
    await other.bring_back(job)
    assert [file.read_bytes() for file in other.whole(job)] == [b"data"]


async def test_a_video_that_was_put_together_is_kept_after_what_shows_that(
    job_files: JobFiles, store: Store, tmp_path: Path
) -> None:
    job = a_job("succeeded", closed_at=1.0, kept_until=5.0)
    parts = [job_files.part(job, number) for number in range(2)]
    write(*parts, job_files.joined(job), job_files.video(job), job_files.copy(job))
    for part in parts:
        await job_files.keep(part)
    await job_files.keep_video(job)
    assert await kept(store) == [
        *("jobs/7/joined.mp4", "jobs/7/part-0.mp4", "jobs/7/part-1.mp4", "jobs/7/video.mp4"),
    ]
    other = on_a_disk(tmp_path / "other", store)
    await other.bring_back(job)
    assert other.joined(job).exists()
    await other.throw_away_made(job)
    assert await kept(store) == ["jobs/7/video.mp4"]
    assert [file.name for file in other.of(job).iterdir()] == ["video.mp4"]


async def test_what_is_needless_goes_from_the_disk_and_the_bucket_and_nothing_else(
    job_files: JobFiles, store: Store, tmp_path: Path
) -> None:
    elsewhere = on_a_disk(tmp_path / "elsewhere", store)
    jobs = {
        "open": a_job("running", id=1),
        "recent": a_job("succeeded", id=2, closed_at=100.0),
        "old": a_job("succeeded", id=3, closed_at=1.0),
        "kept": a_job("succeeded", id=4, closed_at=1.0, kept_until=500.0),
        "gone": a_job("succeeded", id=5, closed_at=100.0),
    }
    for disk in (job_files, elsewhere):
        for job in jobs.values():
            write(disk.of(job) / "clip", disk.part(job, 0), disk.part(job, 1))
            await disk.keep_attached(job)
            for number in range(2):
                await disk.keep(disk.part(job, number))
    left = [jobs[name] for name in ("open", "recent", "old", "kept")]
    await job_files.sweep(partial(needing, *left), attached_until=50.0)
    lying = sorted(str(file.relative_to(job_files.folder)) for file in job_files.folder.rglob("*") if file.is_file())
    assert lying == ["1/clip", "1/part-0.mp4", "1/part-1.mp4", "2/clip", "4/part-0.mp4", "4/part-1.mp4"]
    assert await kept(store) == [f"jobs/{name}" for name in lying]
    assert (elsewhere.folder / "5" / "clip").exists()  # which goes in that machine's own round
    await elsewhere.sweep(partial(needing, *left), attached_until=50.0)
    assert not (elsewhere.folder / "5").exists()


async def test_what_cant_be_deleted_while_the_bucket_is_away_goes_with_the_next_round(
    job_files: JobFiles, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    job = a_job("succeeded", closed_at=1.0)
    attach(job_files, job)
    await job_files.keep_attached(job)
    await job_files.keep(job_files.part(job, 0))
    store.is_away = True
    with caplog.at_level(logging.WARNING):
        await job_files.throw_away_made(job)
        assert not job_files.part(job, 0).exists()
        await job_files.throw_away(job.id)
        await job_files.sweep(partial(needing), attached_until=0.0)
    assert caplog.text.count("until the next round: unwritable: away") >= 3
    assert list(job_files.folder.iterdir()) == []
    store.is_away = False
    assert len(await kept(store)) == 4
    await job_files.sweep(partial(needing), attached_until=0.0)
    assert await kept(store) == []


async def test_what_was_attached_is_not_waited_for_while_the_bucket_is_away_and_what_was_made_is(
    job_files: JobFiles, store: Store
) -> None:
    store.is_away, job = True, a_job()
    attach(job_files, job)
    await job_files.keep_attached(job)
    with pytest.raises(DepotAway):
        await job_files.keep(job_files.part(job, 0))


async def test_what_somebody_else_has_put_into_the_bucket_is_left_alone(job_files: JobFiles, store: Store) -> None:
    strange = ["jobs/7/folder/file", "jobs/readme.txt", "jobs/seven/clip", "notes"]
    for name in (*strange, "jobs/7/clip"):
        await store.put(name, b"data")
    await job_files.sweep(partial(needing), attached_until=0.0)
    assert sorted(await store.names("")) == strange


async def test_a_bucket_belongs_to_one_database(store: Store) -> None:
    assert await Depot(store).claim("mine") == "mine"
    assert await Depot(store).claim("mine") == "mine"
    assert await Depot(store).claim("another's") == "mine"


async def test_a_bucket_that_overwrites_is_not_taken(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def overwrites(*_: object) -> bool:
        return True

    monkeypatch.setattr(store, "put", overwrites)
    with pytest.raises(DepotAway, match="If-None-Match"):
        await Depot(store).claim("mine")


async def test_without_a_bucket_nothing_is_copied_or_looked_for(tmp_path: Path) -> None:
    job_files, job = JobFiles(tmp_path), a_job("succeeded")
    attach(job_files, job)
    before = sorted(tmp_path.rglob("*"))
    await job_files.keep_attached(job)
    await job_files.keep(job_files.part(job, 0))
    await job_files.keep_video(job)
    await job_files.bring_back(job)
    assert sorted(tmp_path.rglob("*")) == before
    assert not job_files.is_cache
    assert not await job_files.has(job_files.part(job, 1))
