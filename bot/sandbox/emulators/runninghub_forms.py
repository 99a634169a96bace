"""What RunningHub's lip-sync calls take, as its model pages "可灵对口型" have it."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from bot.domain.voices import voices_of

SHORTEST_MS = 2000
VOICES = frozenset(voices_of("runninghub"))


def _kind(*endings: str) -> AfterValidator:
    """An address whose file name has one of these endings, or none that tells."""

    def check(url: str) -> str:
        if PurePath(urlsplit(url).path).suffix.lower() not in {"", *endings}:
            raise ValueError(f"takes {' '.join(endings)}")
        return url

    return AfterValidator(check)


Url = Annotated[str, Field(pattern=r"^https?://\S+$")]
Volume = Annotated[float, Field(ge=0, le=2)]
Moment = Annotated[int, Field(ge=0)]


class Form(BaseModel):
    """Fields of exactly these names and types."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class FaceForm(Form):
    """`identify-face`."""

    video_url: Annotated[Url, _kind(".mp4", ".mov")] | None = None
    video_id: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.video_url is None) == (self.video_id is None):
            raise ValueError("give videoUrl or videoId")
        if self.video_id is not None:
            raise ValueError("no video was made here under that videoId")
        return self


class SpeechForm(Form):
    """`tts`."""

    text: Annotated[str, Field(min_length=1, max_length=1000)]
    voice_id: str
    voice_language: Literal["zh", "en"]
    voice_speed: Annotated[float, Field(ge=0.8, le=2.0, multiple_of=0.1)] = 1.0

    @model_validator(mode="after")
    def _known_voice(self) -> Self:
        if f"{self.voice_language}:{self.voice_id}" not in VOICES:
            raise ValueError("voiceId is not one of that language's voices")
        return self


class LipSyncForm(Form):
    """`lip-sync-video`. Times in milliseconds."""

    session_id: str
    face_id: Literal["0"]
    audio_id: str | None = None
    audio_url: Annotated[Url, _kind(".mp3", ".wav", ".m4a")] | None = None
    sound_start_time: Moment
    sound_end_time: Moment
    sound_insert_time: Moment
    sound_volume: Volume = 1.0
    original_audio_volume: Volume = 1.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.audio_id is None) == (self.audio_url is None):
            raise ValueError("give audioId or audioUrl")
        if self.sound_end_time - self.sound_start_time < SHORTEST_MS:
            raise ValueError("less than 2 s of the sound are kept")
        return self
