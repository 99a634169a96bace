"""What a person asked for, as it is stored with the job and given to the adapters."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.domain.edits import ClipEdit, Fill, SoundEdit
from bot.domain.fixes import Fixes

Mode = Literal["text", "audio"]
Part = Literal["video", "audio"]


class Media(BaseModel):
    """A file that a person attached. `name` is what Discord claims and may be wrong, and so is `size` (bytes) until the
    file was looked into; then that was measured, as `digest` (SHA-256) was, and `seconds`, the length of what a
    provider gets of it. `reachable` says whether a provider can fetch that by itself at `url`, and long enough.
    """

    model_config = ConfigDict(frozen=True)
    url: str
    name: str
    size: int
    seconds: float | None = None
    digest: str | None = None
    reachable: bool = True


class Section(BaseModel):
    """A part of a text that is too long for one call, with the part of the clip that says it."""

    model_config = ConfigDict(frozen=True)
    text: str
    clip: ClipEdit


class Request(BaseModel):
    """What a person asked for, in the form of one provider's flow; stored with the job as JSON.

    `fill` is what is to follow a recording that is shorter than the clip, None where the person left that open. `clip`
    and `sound` are what is done to the files first, and `fixes` what the person has agreed to of it, None where nobody
    had to be asked. `sections` are the parts in which a long text is made, one after the other. What is made is put
    back into the whole clip, `whole_seconds` long, unless that is None. `volume` is the new voice's and `own_volume`
    the clip's own sound, from 0 to 2. `price_usd` is what it was to cost when it was asked for, None where the
    provider doesn't say.
    """

    model_config = ConfigDict(frozen=True)
    flow: str
    mode: Mode
    video: Media = Media(url="", name="", size=0)  # forgotten with its person
    audio: Media | None = None
    fill: Fill | None = None
    clip: ClipEdit | None = None
    sound: SoundEdit | None = None
    sections: tuple[Section, ...] = ()
    whole_seconds: float | None = None
    fixes: Fixes | None = None
    text: str | None = None
    voice: str | None = None
    speed: float = 1.0
    volume: float = 1.0
    own_volume: float = 0.0
    price_usd: Decimal | None = None

    @property
    def calls(self) -> tuple[Request, ...]:
        """What is asked of the provider: this, or a request for each section."""
        return tuple(self.section(number) for number in range(1, len(self.sections) + 1)) or (self,)

    def section(self, number: int) -> Request:
        """The request for one section, counted from 1; the whole request for 0."""
        if number == 0:
            return self
        one = self.sections[number - 1]
        video = self.video.model_copy(update={"seconds": one.clip.seconds})
        return self.model_copy(update={"video": video, "text": one.text, "clip": one.clip, "sections": ()})
