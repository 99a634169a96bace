"""What lies on disk for a job, under which name, and what is taken over from earlier versions."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files.job_files import PIECES, JobFiles
from storage.jobs.job_code import code_of, id_of
from tests.words.test_job_card import a_job


@given(st.integers(min_value=1, max_value=32**5 - 1))
def test_a_code_stands_for_one_job(job_id: int) -> None:
    assert id_of(code_of(job_id)) == job_id


@given(st.text(max_size=10))
def test_what_is_no_code_stands_for_no_job(name: str) -> None:
    job_id = id_of(name)
    assert job_id is None or code_of(job_id) == name


def test_videos_in_the_folder_of_an_earlier_version_are_taken_over_and_nothing_else_is_left(tmp_path: Path) -> None:
    old, job_files, job = tmp_path / "results", JobFiles(tmp_path / "files"), a_job("succeeded")
    (old / "tmpabc").mkdir(parents=True)
    (old / f"ai-generated-{job.code}.mp4").write_bytes(b"video")
    (old / f"ai-generated-{job.code}.part").write_bytes(b"vid")
    (old / "ai-generated-stray.mp4").write_bytes(b"video")
    for _ in range(2):
        job_files.tidy(old)
        assert not old.exists()
        assert job_files.video(job).read_bytes() == b"video"
        assert [file.name for file in job_files.folder.rglob("*")] == [job.code, "video.mp4"]


def test_what_a_crash_left_beside_the_jobs_folders_goes_at_the_next_start(tmp_path: Path) -> None:
    job_files, job = JobFiles(tmp_path / "files"), a_job()
    job_files.tidy(tmp_path / "results")
    (job_files.of(job) / "clip").write_bytes(b"clip")
    (job_files.folder / "shown-xyz").mkdir()
    (job_files.folder / "stray").touch()
    job_files.tidy(tmp_path / "results")
    assert [entry.name for entry in job_files.folder.iterdir()] == [job.code]


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


def test_a_posted_video_goes_and_a_kept_one_stays_without_what_it_was_made_of(tmp_path: Path) -> None:
    job_files = JobFiles(tmp_path)
    posted, kept = a_job("succeeded", id=8), a_job("succeeded", id=9, kept_until=5.0)
    for job in (posted, kept):
        for file in (
            job_files.video(job),
            job_files.copy(job),
            job_files.clip(job),
            job_files.part(job, 0),
            job_files.joined(job),
        ):
            file.write_bytes(b"data")
        job_files.throw_away_video(job)
    assert {file.name for file in job_files.of(posted).iterdir()} == {"clip"}
    assert {file.name for file in job_files.of(kept).iterdir()} == {"clip", "video.mp4"}


def test_parts_that_could_not_be_joined_are_the_video_and_are_kept_in_order(tmp_path: Path) -> None:
    job_files, job = JobFiles(tmp_path), a_job("succeeded", kept_until=5.0)
    for number in range(11):
        job_files.part(job, number).write_bytes(b"data")
    for file in (job_files.copy(job), job_files.clip(job)):
        file.write_bytes(b"data")
    pieces = job_files.of(job) / f"{PIECES}x"  # somebody is getting them right now
    pieces.mkdir()
    job_files.throw_away_video(job)
    job_files.throw_away_but_video(job)
    assert [file.name for file in job_files.whole(job)] == [f"part-{number}.mp4" for number in range(11)]
    assert len(list(job_files.of(job).iterdir())) == 12
    assert pieces.exists()
    job_files.video(job).write_bytes(b"data")
    assert job_files.whole(job) == [job_files.video(job)]
