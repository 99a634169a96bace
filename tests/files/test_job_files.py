"""What lies on disk for a job, under which name, and what is taken over from earlier versions."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from bot.domain.job import Job
from bot.files.job_files import JobFiles
from bot.files.leftovers import tidy
from bot.files.names import PIECES
from storage.jobs.job import Holding
from storage.jobs.job import Job as StoredJob
from tests.words.test_job_card import a_job


async def needing(*jobs: Job | Iterable[int]) -> dict[int, Holding]:
    """Those of the given jobs whose files may be needed, by the ids that are asked about: the last argument."""
    *given, _ = jobs
    return {job.id: Holding(job.id, job.closed_at, job.kept_until) for job in given if isinstance(job, StoredJob)}


def test_videos_in_the_folder_of_an_earlier_version_are_taken_over_and_nothing_else_is_left(tmp_path: Path) -> None:
    old, job_files, job = tmp_path / "results", JobFiles(tmp_path / "files"), a_job("succeeded")
    (old / "tmpabc").mkdir(parents=True)
    (old / f"ai-generated-{job.code}.mp4").write_bytes(b"video")
    (old / f"ai-generated-{job.code}.part").write_bytes(b"vid")
    (old / "ai-generated-stray.mp4").write_bytes(b"video")
    for _ in range(2):
        tidy(job_files, old)
        assert not old.exists()
        assert job_files.video(job).read_bytes() == b"video"
        assert [file.name for file in job_files.folder.rglob("*")] == [str(job.id), "video.mp4"]


def test_folders_that_an_earlier_version_named_by_codes_are_named_by_ids_and_lose_nothing(tmp_path: Path) -> None:
    job_files, job, other = JobFiles(tmp_path / "files"), a_job(), a_job("succeeded", id=8, kept_until=5.0)
    names = ("clip", "sound", "video-0123456789ab", "video.mp4")
    for lying in (job, other):
        (job_files.folder / lying.code / "upload-x").mkdir(parents=True)
        for name in names:
            (job_files.folder / lying.code / name).write_text(f"{name} of {lying.id}")
    job_files.clip(other).parent.mkdir()  # an earlier start broke off when it had moved this one
    (job_files.folder / other.code / "clip").replace(job_files.clip(other))
    for _ in range(2):
        tidy(job_files, tmp_path / "results")
        assert {entry.name for entry in job_files.folder.iterdir()} == {"7", "8"}
        for lying in (job, other):
            found = {file.name: file.read_text() for file in job_files.of(lying).iterdir()}
            assert found == {name: f"{name} of {lying.id}" for name in names}
    assert job_files.jobs() == {7, 8}


def test_what_an_earlier_run_did_not_write_to_its_end_goes_at_the_next_start(tmp_path: Path) -> None:
    job_files, job = JobFiles(tmp_path / "files"), a_job("running")
    job_files.folder.mkdir()
    place = job_files.of(job)
    for folder in ("pieces-abc", "upload-abc"):
        (place / folder).mkdir()
    for name in ("clip", "video-720p.x1y2z3.part", "video.part", "pieces-abc/001.mp4", "upload-abc/video.mp4"):
        (place / name).write_bytes(b"data")
    tidy(job_files, tmp_path / "results")
    assert [file.name for file in place.rglob("*")] == ["clip"]


def test_what_a_crash_left_beside_the_jobs_folders_goes_at_the_next_start(tmp_path: Path) -> None:
    job_files, job = JobFiles(tmp_path / "files"), a_job()
    tidy(job_files, tmp_path / "results")
    (job_files.of(job) / "clip").write_bytes(b"clip")
    (job_files.folder / "shown-xyz").mkdir()
    (job_files.folder / "stray").touch()
    tidy(job_files, tmp_path / "results")
    assert [entry.name for entry in job_files.folder.iterdir()] == [str(job.id)]


def test_asking_for_the_clip_of_a_job_makes_no_folder(tmp_path: Path) -> None:
    job_files, job = JobFiles(tmp_path), a_job()
    assert not job_files.clip(job).exists()
    assert not job_files.sound(job).exists()
    with pytest.raises(FileNotFoundError):
        job_files.share(job, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_of_a_job_whose_clip_is_gone_nothing_is_shared(tmp_path: Path) -> None:
    job_files, job = JobFiles(tmp_path), a_job()
    job_files.video(job).write_bytes(b"video")
    with pytest.raises(FileNotFoundError):
        job_files.share(job, tmp_path)


async def test_a_posted_video_goes_and_a_kept_one_stays_without_what_it_was_made_of(tmp_path: Path) -> None:
    job_files = JobFiles(tmp_path)
    posted = a_job("succeeded", id=8, closed_at=1.0)
    kept = a_job("succeeded", id=9, closed_at=1.0, kept_until=5.0)
    for job in (posted, kept):
        for file in (
            job_files.video(job),
            job_files.copy(job),
            job_files.clip(job),
            job_files.part(job, 0),
            job_files.joined(job),
        ):
            file.write_bytes(b"data")
        await job_files.throw_away_made(job)
    assert {file.name for file in job_files.of(posted).iterdir()} == {"clip"}
    assert {file.name for file in job_files.of(kept).iterdir()} == {"clip", "video.mp4"}


async def test_parts_that_could_not_be_joined_are_the_video_and_are_kept_in_order(tmp_path: Path) -> None:
    job_files, job = JobFiles(tmp_path), a_job("succeeded", closed_at=1.0, kept_until=5.0)
    for number in range(11):
        job_files.part(job, number).write_bytes(b"data")
    for file in (job_files.copy(job), job_files.clip(job)):
        file.write_bytes(b"data")
    pieces = job_files.of(job) / f"{PIECES}x"  # somebody is getting them right now
    pieces.mkdir()
    await job_files.sweep(partial(needing, job), attached_until=2.0)
    assert [file.name for file in job_files.whole(job)] == [f"part-{number}.mp4" for number in range(11)]
    assert len(list(job_files.of(job).iterdir())) == 12
    assert pieces.exists()
    job_files.video(job).write_bytes(b"data")
    assert job_files.whole(job) == [job_files.video(job)]
