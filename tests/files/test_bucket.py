"""What a bucket does with files: it takes each once, gives it back whole, and tells no secret when it can't."""

from __future__ import annotations

import asyncio
import shutil
from collections import namedtuple
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
from obstore.exceptions import PermissionDeniedError
from obstore.store import MemoryStore

from bot.files import bucket as module
from bot.files.bucket import Bucket
from bot.net.download import LEFT_FREE
from bot.net.faults import DepotAway, Unwritable
from tests.bucket import SECRET, bucket_at

Usage = namedtuple("Usage", "total used free")
NOBODY = "http://127.0.0.1:9"  # where nothing listens


@pytest.fixture(params=["a server's", "in memory"])
def bucket(request: pytest.FixtureRequest, in_bucket: dict[str, Any]) -> Bucket:
    """An empty one."""
    if request.param == "in memory":
        return Bucket(MemoryStore())
    prefix = str(in_bucket["files_url"]).rpartition("/")[2]
    return bucket_at(in_bucket["aws_endpoint_url"], prefix)


async def test_a_file_comes_back_byte_by_byte(bucket: Bucket, tmp_path: Path) -> None:
    file, back = tmp_path / "clip", tmp_path / "back"
    file.write_bytes(bytes(range(256)) * 20_000)
    assert await bucket.put_file("jobs/7/clip", file)
    assert await bucket.get_file("jobs/7/clip", back)
    assert back.read_bytes() == file.read_bytes()
    assert [entry.name for entry in sorted(tmp_path.iterdir())] == ["back", "clip"]


async def test_nothing_is_brought_back_of_what_was_never_there(bucket: Bucket, tmp_path: Path) -> None:
    assert not await bucket.get_file("jobs/7/clip", tmp_path / "clip")
    assert list(tmp_path.iterdir()) == []


async def test_the_second_writer_is_refused_and_the_first_ones_file_stays(bucket: Bucket, tmp_path: Path) -> None:
    first, second, back = tmp_path / "first", tmp_path / "second", tmp_path / "back"
    first.write_bytes(b"as it was")
    second.write_bytes(b"something else")
    assert await bucket.put_file("jobs/7/video.mp4", first)
    assert await bucket.put_file("jobs/7/video.mp4", first)  # the same again, after a crash
    assert not await bucket.put_file("jobs/7/video.mp4", second)
    await bucket.get_file("jobs/7/video.mp4", back)
    assert back.read_bytes() == b"as it was"


async def test_of_two_writers_at_once_one_is_refused(bucket: Bucket) -> None:
    assert sorted(await asyncio.gather(*(bucket.put("jobs/7/clip", b"%d" % one) for one in range(8)))) == [
        *[False] * 7,
        True,
    ]


async def test_names_are_those_of_one_job_alone(bucket: Bucket) -> None:
    for name in ("jobs/7/clip", "jobs/7/part-0.mp4", "jobs/70/clip"):
        await bucket.put(name, b"data")
    assert sorted(await bucket.names("jobs/7")) == ["jobs/7/clip", "jobs/7/part-0.mp4"]
    await bucket.remove(["jobs/7/clip", "jobs/7/never there"])
    assert sorted(await bucket.names("jobs")) == ["jobs/7/part-0.mp4", "jobs/70/clip"]


async def test_what_finds_no_room_on_the_disk_is_not_begun(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bucket.put("jobs/7/clip", b"data")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, LEFT_FREE + 3))
    with pytest.raises(Unwritable, match="no room") as fault:
        await bucket.get_file("jobs/7/clip", tmp_path / "clip")
    assert not isinstance(fault.value, DepotAway)
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_is_gone_from_the_disk_is_not_the_buckets_fault(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(Unwritable) as fault:
        await bucket.put_file("jobs/7/clip", tmp_path / "clip")
    assert not isinstance(fault.value, DepotAway)


CALLS: dict[str, Any] = {
    "put": lambda bucket, file: bucket.put_file("jobs/7/clip", file),
    "get": lambda bucket, file: bucket.get_file("jobs/7/clip", file),
    "read": lambda bucket, _: bucket.get("database"),
    "list": lambda bucket, _: bucket.names("jobs"),
    "remove": lambda bucket, _: bucket.remove(["jobs/7/clip"]),
}


@pytest.mark.parametrize("call", CALLS)
async def test_a_bucket_that_is_away_says_so(call: str, tmp_path: Path) -> None:
    file = tmp_path / "clip"
    file.write_bytes(b"data")
    with pytest.raises(DepotAway, match="error sending request"):
        await CALLS[call](bucket_at(NOBODY), file)


@pytest.mark.parametrize("call", ["put", "read", "list", "remove"])
async def test_a_bucket_that_was_never_made_is_told_apart_from_an_empty_one(
    call: str, bucket_address: str, tmp_path: Path
) -> None:
    file = tmp_path / "clip"
    file.write_bytes(b"data")
    with pytest.raises(DepotAway, match="404"):
        await CALLS[call](bucket_at(bucket_address, name="nowhere"), file)


async def test_what_the_bucket_says_is_told_in_a_line_without_its_document_and_signatures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = f"403 for http://host/files/clip?X-Signature={SECRET} - Forbidden: <Error>{SECRET}</Error>\n\n{SECRET}"
    store = MemoryStore()

    async def refuse(*_: object, **__: object) -> None:
        raise PermissionDeniedError(said)

    monkeypatch.setattr(MemoryStore, "head_async", refuse)
    with pytest.raises(DepotAway) as fault:
        await Bucket(store).put_file("jobs/7/clip", Path(__file__))
    assert str(fault.value).endswith("the bucket: 403 for http://host/files/clip - Forbidden:")


async def test_a_bucket_that_doesnt_answer_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.05)
    file = tmp_path / "clip"
    file.write_bytes(b"data")
    with create_server(("127.0.0.1", 0)) as silent:
        bucket = bucket_at(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(DepotAway, match="doesn't answer in time"):
            await bucket.put_file("jobs/7/clip", file)


def test_a_bucket_tells_no_secret_of_itself(bucket_address: str) -> None:
    assert SECRET not in repr(vars(bucket_at(bucket_address)))
