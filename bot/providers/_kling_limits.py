"""What Kling takes, by itself and through its resellers ("Lip Sync", "Identify Face", "Text to Speech")."""

from __future__ import annotations

from bot.domain.flows import FlowLimits

# Documented nowhere: what phones and cameras write into mp4 and mov files, at the usual frame rates.
CODECS, FRAMES_PER_SECOND = frozenset({"h264", "hevc"}), 60

# What the older call takes, and the advanced one with the face and speech calls before it.
LEGACY = FlowLimits(
    containers=frozenset({"mp4", "mov"}),
    video_bytes=100 * 2**20,
    video_seconds=(2, 10),
    video_codecs=CODECS,
    frames_per_second=FRAMES_PER_SECOND,
    sides=(720, 1920),
    text_chars=120,
    speeds=(0.8, 2.0),
    audio_formats=frozenset({"mp3", "wav", "m4a", "aac"}),
    audio_bytes=5 * 2**20,
    audio_seconds=(2, 60),
)
ADVANCED = FlowLimits(
    containers=frozenset({"mp4", "mov"}),
    video_bytes=100 * 2**20,
    video_seconds=(2, 60),
    video_codecs=CODECS,
    frames_per_second=FRAMES_PER_SECOND,
    sides=(512, 2160),
    text_chars=1000,
    speeds=(0.8, 2.0),
    speech_seconds=2.0,
    audio_formats=frozenset({"mp3", "wav", "m4a"}),
    audio_bytes=5 * 2**20,
    audio_seconds=(2, 60),
    mixes=True,
)
