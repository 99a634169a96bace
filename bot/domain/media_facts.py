"""What was found out about a file."""

from __future__ import annotations

from dataclasses import dataclass

MOST_WORK = 32e9  # pixels of all pictures of a file that may be changed: a minute of 4K at 60 a second has fewer


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What is in a file. `formats` are the endings that its container may have. The length is the picture's, or the
    sound's where there is no picture; sides are as shown, upright and with square pixels, and 0 without a picture;
    `size` is that of the file in bytes, and `digest` the SHA-256 of them, where they were asked for.
    """

    __pydantic_config__ = {"allow_inf_nan": False}  # noqa: RUF012 - told by a process that may have been taken over
    formats: frozenset[str]
    seconds: float
    width: int
    height: int
    has_sound: bool
    size: int = 0
    digest: str | None = None
    video_codec: str = ""  # as FFmpeg calls it: "h264", "vp9"
    audio_codec: str = ""  # of the first track: "aac", "opus"
    frames_per_second: float = 0.0  # on average
    steady: bool = True  # every frame is shown as long as every other
    turned: bool = False  # stored rotated or mirrored
    deep: bool = False  # more than 8 bits per colour, or HDR
    sound_seconds: float = 0.0  # of the first track

    @property
    def work(self) -> float:
        """Pixels of all its pictures together: what an encoder would have to look at."""
        return self.width * self.height * self.frames_per_second * self.seconds


@dataclass(frozen=True, slots=True)
class Seen:
    """What the attached files really hold."""

    video: MediaFacts
    audio: MediaFacts | None
