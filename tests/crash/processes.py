"""The processes of a bot, as the kernel lists them: whatever it started belongs to its session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ENDED = {"Z", "X"}  # nothing is left of them but a line in the list


@dataclass(frozen=True, slots=True)
class Process:
    """One that is alive."""

    id: int
    parent: int
    session: int
    words: str  # how it was started


def alive() -> list[Process]:
    """Every process of the machine that hasn't ended."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            state, parent, _, session, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ends just now
            continue
        if state not in ENDED:
            found.append(Process(int(entry.name), int(parent), int(session), words))
    return found


def of_session(leader: int) -> list[Process]:
    """The process that leads the session, and everything that it started."""
    return [process for process in alive() if process.session == leader]


def left_of(leader: int) -> list[Process]:
    """What is left of a bot whose process had that id: of its session, or started by it as a media child."""
    child = f"bot.media.worker import serve; serve(int(parent)) {leader} "
    return [process for process in alive() if process.session == leader or child in process.words]
