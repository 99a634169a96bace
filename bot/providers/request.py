"""What a person asked for, as it is stored with the job and given to the adapters."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

Mode = Literal["text", "audio"]
Part = Literal["video", "audio"]


class Media(BaseModel):
    """A file that a person attached. `name` and `size` (bytes) are what Discord claims and may be wrong; `seconds` was
    measured, and so was `digest` (SHA-256). `reachable` says whether a provider can fetch `url` by itself, and long
    enough.
    """

    model_config = ConfigDict(frozen=True)
    url: str
    name: str
    size: int
    seconds: float | None = None
    digest: str | None = None
    reachable: bool = True


class Request(BaseModel):
    """What a person asked for, in the form of one provider's flow; stored with the job as JSON.

    `volume` is the new voice's and `own_volume` the clip's own sound, from 0 to 2. `price_usd` is what it was to cost
    when it was asked for, None where the provider doesn't say.
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
    price_usd: Decimal | None = None
