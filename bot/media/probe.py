"""What a file really holds. People's files are opened in a child process with bounds on time and memory only: a bomb or
a crash there is an `Unreadable`, never a dead bot.
"""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio import BrokenWorkerProcess, CapacityLimiter, to_process

SECONDS = 15.0  # for one file
CPU_SECONDS = 10
MEMORY_BYTES = 2 * 2**30  # of address space, most of it libraries
AT_ONCE = 2  # children

FORMATS = {  # FFmpeg's name of a container: the file endings that stand for it
    "mov": {"mp4", "mov", "m4a", "m4v"},
    "matroska": {"webm", "mkv"},
    "mp3": {"mp3"},
    "wav": {"wav"},
    "aac": {"aac"},
    "ogg": {"ogg", "oga", "opus"},
    "flac": {"flac"},
    "avi": {"avi"},
    "gif": {"gif"},
}


class Unreadable(Exception):
    """The file is no video and no sound, or can't be read within the bounds."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is in a file. `formats` are the endings that its container may have; sides are 0 without a picture; `digest`
    is the SHA-256 of its bytes, where that was asked for.
    """

    formats: frozenset[str]
    seconds: float
    width: int
    height: int
    has_sound: bool
    digest: str | None = None


class Probe:
    """Looks into files. The children live on between files, so that a look costs little."""

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(AT_ONCE)

    async def look(self, file: Path) -> Facts:
        """The facts, or `Unreadable`."""
        try:
            with anyio.fail_after(SECONDS):
                found = await to_process.run_sync(_look, str(file), cancellable=True, limiter=self._limiter)
        except TimeoutError:
            raise Unreadable("it takes too long to read") from None
        except BrokenWorkerProcess:
            raise Unreadable("reading it failed") from None
        if isinstance(found, str):
            raise Unreadable(found)
        return found


def _look(file: str) -> Facts | str:
    """Runs in the child. Errors come back as words, since not every error of the library can travel."""
    import av  # noqa: PLC0415 - in the child only

    _bound()
    try:
        with av.open(file, metadata_errors="replace") as container:
            pictures = [
                stream
                for stream in container.streams.video
                if av.stream.Disposition.attached_pic not in stream.disposition
            ]
            sounds = container.streams.audio
            if not pictures and not sounds:
                return "it holds neither picture nor sound"
            formats = FORMATS.get(container.format.name.partition(",")[0], {container.format.name})
            picture = pictures[0] if pictures else None
            packets = list(container.demux(picture or sounds[0]))
            times = [(p.pts, p.duration or 0) for p in packets if p.pts is not None]
            if not times:
                return "it holds nothing that can be played"
            base = float((picture or sounds[0]).time_base or 0)
            begin, end = min(pts for pts, _ in times), max(pts + duration for pts, duration in times)
            return Facts(
                frozenset(formats),
                (end - begin) * base,
                picture.width if picture else 0,
                picture.height if picture else 0,
                bool(sounds),
            )
    except (av.FFmpegError, OSError, ValueError) as error:
        return f"it can't be read ({type(error).__name__})"


def _bound() -> None:
    if sys.platform == "linux":
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu = round(used.ru_utime + used.ru_stime) + CPU_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.RLIM_INFINITY))
