"""What a person asked for, as it is stored with the job and given to the adapters."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Mode = Literal["text", "audio"]
Part = Literal["video", "audio"]


class Media(BaseModel):
    """A file that a person attached. `name` and `size` (bytes) are what Discord claims and may be wrong; `seconds` was
    measured. `reachable` says whether a provider can fetch `url` by itself, and long enough.
    """

    model_config = ConfigDict(frozen=True)
    url: str
    name: str
    size: int
    seconds: float | None = None
    reachable: bool = True


class Request(BaseModel):
    """What a person asked for, in the form of one provider's flow; stored with the job as JSON.

    `volume` is the new voice's and `own_volume` the clip's own sound, from 0 to 2.
    """

    model_config = ConfigDict(frozen=True)
    flow: str
    mode: Mode
    video: Media
    audio: Media | None = None
    text: str | None = None
    voice: str | None = None
    speed: float = 1.0
    volume: float = 1.0
    own_volume: float = 0.0
