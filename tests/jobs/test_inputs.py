"""Where a clip comes from that is to be sent: the disk, the bucket, or Discord once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.files.incoming import Incoming
from bot.files.job_files import JobFiles
from bot.jobs.inputs import Inputs
from bot.net.faults import CannotHandOver, DepotAway, Gone, ProviderError
from tests.files.test_depot import Store, kept, on_a_disk
from tests.words.test_job_card import a_job

NOBODY: Any = None


class Attachments(Incoming):
    """What people have attached, for as long as Discord has it."""

    def __init__(self) -> None:
        self.has_ended = False

    async def fetch(self, url: str, into: Path) -> None:
        if self.has_ended:
            raise Gone(url)
        into.write_bytes(b"from Discord")


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def job_files(store: Store, tmp_path: Path) -> JobFiles:
    return on_a_disk(tmp_path / "files", store)


async def test_a_clip_is_brought_back_from_the_bucket(job_files: JobFiles, store: Store, tmp_path: Path) -> None:
    other, job = on_a_disk(tmp_path / "other", store), a_job()
    (other.of(job) / "clip").write_bytes(b"as it was attached")
    await other.keep_attached(job)
    file = await Inputs(job_files, Attachments(), NOBODY, NOBODY).source(job, "video")
    assert file.read_bytes() == b"as it was attached"


async def test_a_clip_that_was_never_kept_is_fetched_again_and_kept_then(job_files: JobFiles, store: Store) -> None:
    file = await Inputs(job_files, Attachments(), NOBODY, NOBODY).source(a_job(), "video")
    assert file.read_bytes() == b"from Discord"
    assert await kept(store) == ["jobs/7/clip"]


async def test_while_the_bucket_is_away_a_missing_clip_is_fetched_again(job_files: JobFiles, store: Store) -> None:
    store.is_away = True
    file = await Inputs(job_files, Attachments(), NOBODY, NOBODY).source(a_job(), "video")
    assert file.read_bytes() == b"from Discord"


@pytest.mark.parametrize(("is_away", "fault"), [(True, DepotAway), (False, CannotHandOver)], ids=["away", "there"])
async def test_a_clip_that_discord_has_no_more_is_waited_for_as_long_as_the_bucket_may_have_it(
    job_files: JobFiles, store: Store, is_away: bool, fault: type[ProviderError]
) -> None:
    store.is_away, attachments = is_away, Attachments()
    attachments.has_ended = True
    with pytest.raises(fault):
        await Inputs(job_files, attachments, NOBODY, NOBODY).source(a_job(), "video")
