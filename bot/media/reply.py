"""What a child says at the end, as the bot reads it: whoever took it over by a file says it too, so it is data, never
code.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, StringConstraints

from bot.media.child import LONGEST_WORDS, TooMuchWork, Unreadable


class Fault(BaseModel):
    """An error on its way out of a child."""

    kind: Literal["unreadable", "too much", "disk", "defect"]
    words: Annotated[str, StringConstraints(max_length=LONGEST_WORDS)]
    number: int = 0  # of the disk's error

    def as_error(self) -> Exception:
        """The same in the bot's own process."""
        match self.kind:
            case "unreadable":
                return Unreadable(self.words)
            case "too much":
                return TooMuchWork(self.words)
            case "disk":
                return OSError(self.number, self.words)
            case "defect":
                return RuntimeError(f"a child failed: {self.words!r}")


class ChildReply(BaseModel):
    """What the work has returned, or how it failed."""

    value: Any = None
    fault: Fault | None = None
