"""A bot that keeps its files in a bucket: what it starts on, and what it refuses to start on."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pytest

import bot.files
from bot.errors import SettingsError
from tests.bucket import SECRET
from tests.docs import README
from tests.world import open_world


async def started(folder: Path, **changed: Any) -> list[str]:
    """Start a bot there and stop it; the names of the jobs' folders that it has."""
    async with open_world(folder, **changed) as world:
        return [entry.name for entry in world.parts.job_files.folder.iterdir()]


async def test_it_starts_again_on_its_own_bucket_and_no_other_database_does(
    tmp_path: Path, in_bucket: dict[str, Any]
) -> None:
    for _ in range(2):
        await started(tmp_path / "one", **in_bucket)
    with pytest.raises(SettingsError, match="FILES_URL: holds the files of another database"):
        await started(tmp_path / "other", **in_bucket)
    await started(tmp_path / "other", **{**in_bucket, "files_url": f"{in_bucket['files_url']}/below"})


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"aws_endpoint_url": "http://127.0.0.1:9"}, "FILES_URL: can't be used now: the bucket: "),
        ({"files_url": "s3://nowhere"}, "FILES_URL: can't be used now: the bucket: "),
        ({"aws_access_key_id": ""}, "FILES_URL: can't be used now: the bucket: Generic S3 error: Missing AccessKeyId"),
    ],
    ids=["nobody there", "no such bucket", "half of a key"],
)
async def test_it_doesnt_start_on_a_bucket_that_it_cant_use(
    tmp_path: Path, in_bucket: dict[str, Any], changed: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        await started(tmp_path, **{**in_bucket, **changed})
    assert str(refused.value).startswith(words)
    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_without_the_library_it_is_said_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, in_bucket: dict[str, Any]
) -> None:
    for name in ("obstore.exceptions", "obstore.store", "bot.files.bucket"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.delattr(bot.files, "bucket")
    with pytest.raises(SettingsError, match="pip install obstore"):
        await started(tmp_path, **in_bucket)


async def test_a_bot_with_the_data_folder_alone_needs_no_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("obstore", "obstore.store", "bot.files.bucket", "bot.files.depot"):
        monkeypatch.setitem(sys.modules, name, None)
    assert await started(tmp_path) == []


async def test_nothing_that_is_logged_holds_the_buckets_secret(
    tmp_path: Path, in_bucket: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await started(tmp_path, **in_bucket)
    assert caplog.text
    assert SECRET not in caplog.text


def test_the_image_has_the_library() -> None:
    assert "-r /requirements.lock" in README.with_name("Dockerfile").read_text(encoding="utf-8")
    assert "\nobstore==" in README.with_name("requirements.lock").read_text(encoding="utf-8")
