"""The files of jobs in a bucket, where every machine finds them: `jobs/<id>/<name>`, each written once.

What is kept under a name is whole and good for that name, whoever wrote it: the bot before it was killed, or a process
that has lost the job since. So a second writer is refused, and when its file has another size (encoders don't agree to
the byte), the first one counts: other machines may have gone on with it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from bot.domain.job import Job
from bot.files.bucket import Bucket
from bot.files.names import JOINED, MADE, VIDEO, Names, needless, parts_of
from bot.net.faults import DepotAway, Unwritable
from bot.placing import PART

log = logging.getLogger(__name__)

JOBS, MARK, PROBES = "jobs", "database", "probes"
FILE = re.compile(rf"{JOBS}/(?P<job>\d{{1,18}})/(?P<name>[^/]+)", re.ASCII)


class Depot:
    """Keeps files of jobs and brings them back; `place` is a job's folder on disk. Raises `DepotAway` unless it says
    something else, and `Unwritable` when the disk has no room for what is brought back.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def claim(self, mark: str) -> str:
        """Put the mark of a database into the bucket, unless there is one; the mark that is there then."""
        await self._put_once(MARK, mark.encode())
        return (await self._bucket.get(MARK)).decode(errors="replace")

    async def probe(self) -> str | None:
        """See that an object can be written once, read and deleted; the mark that is there, None for none."""
        name, data = f"{PROBES}/{token_hex(8)}", b"probe"
        try:
            await self._put_once(name, data)
            await self._bucket.get(name)
        finally:
            await self._bucket.remove([name])
        try:
            return (await self._bucket.get(MARK)).decode(errors="replace")
        except DepotAway:  # it could be read just now
            return None

    async def _put_once(self, name: str, data: bytes) -> None:
        """Put an object there unless there is one."""
        await self._bucket.put(name, data)
        if await self._bucket.put(name, data):
            raise DepotAway("it overwrites objects although it is told not to (If-None-Match)")

    async def keep_attached(self, place: Path) -> None:
        """Keep what was attached to a job and prepared. What can't be kept now is only logged: where it is missing, it
        is fetched and prepared anew.
        """
        try:
            kept = await self.names(int(place.name))
            lying = await asyncio.to_thread(lambda: [file.name for file in place.iterdir() if _is_attached(file)])
            await self.keep(*(place / name for name in lying if name not in kept))
        except (Unwritable, OSError) as fault:
            log.warning("job %s: what was attached to it is not in the bucket: %s", place.name, fault)

    async def keep_video(self, place: Path) -> None:
        """Keep the finished video, after what it was made of. One that is a single part is kept as that."""
        names = await asyncio.to_thread(lambda: [entry.name for entry in place.iterdir()])
        if parts_of(names):
            await self.keep(*(place / name for name in (JOINED, VIDEO) if name in names))

    async def keep(self, *files: Path) -> None:
        """Keep these files of a job. Other ones that are kept already take their place on disk."""
        for file in files:
            if not await self._bucket.put_file(_object(file), file):
                await self.bring(file)

    async def bring(self, file: Path) -> bool:
        """Bring a job's file to disk; False when it isn't kept."""
        return await self._bucket.get_file(_object(file), file)

    async def bring_back(self, place: Path, *, attached: bool) -> None:
        """Bring back what was made, or what was attached and prepared, as far as it isn't on disk."""
        names = await self.names(int(place.name))
        if not attached and VIDEO not in names and (place / VIDEO).exists():
            return  # it is what is kept as a part
        for name in names:
            if name.endswith(MADE) != attached and not (place / name).exists():
                await self.bring(place / name)

    async def names(self, job_id: int) -> list[str]:
        """The names of a job's files that are kept."""
        return [path.rpartition("/")[2] for path in await self._bucket.names(f"{JOBS}/{job_id}")]

    async def everything(self) -> Names:
        """What is kept, by job; nothing when that can't be seen now."""
        found = defaultdict(list)
        with _later():
            for file in filter(None, map(FILE.fullmatch, await self._bucket.names(JOBS))):
                found[int(file["job"])].append(file["name"])
        return found

    async def throw_away(self, *job_ids: int) -> None:
        """Everything of these jobs; what can't be deleted now goes with the next round of the cleanup."""
        with _later():
            await self.remove({job_id: await self.names(job_id) for job_id in job_ids})

    async def throw_away_made(self, job: Job) -> None:
        """What was made for a job that is closed, but for a video that is kept; otherwise as `throw_away`."""
        with _later():
            await self.remove({job.id: needless(job, await self.names(job.id))})

    async def remove(self, names: Names) -> None:
        """Delete these files; otherwise as `throw_away`."""
        with _later():
            await self._bucket.remove([f"{JOBS}/{job_id}/{name}" for job_id in names for name in names[job_id]])


@contextmanager
def _later() -> Iterator[None]:
    """Leave what can't be deleted while the bucket is away to the next round of the cleanup."""
    try:
        yield
    except DepotAway as fault:
        log.warning("what is needless in the bucket stays there until the next round: %s", fault)


def _object(file: Path) -> str:
    return f"{JOBS}/{file.parent.name}/{file.name}"


def _is_attached(file: Path) -> bool:
    """Whether it was attached, or prepared of that, and is whole."""
    return file.is_file() and file.suffix not in {MADE, PART}
