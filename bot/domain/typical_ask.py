"""What most people ask for: to find out what an ordinary member's command would come to."""

from __future__ import annotations

from bot.domain.ask import Ask, Asker, Place
from bot.domain.media_facts import MediaFacts, Seen
from bot.domain.request import Media

NOBODY = 0  # a member without roles, limits, blocks and videos of their own
TEXT = "Hello everyone, it's good to see you all here today."
CLIP = Media(url="https://cdn.discordapp.com/clip.mp4", name="clip.mp4", size=2 * 2**20)
SEEN = Seen(
    MediaFacts(
        formats=frozenset({"mp4"}),
        seconds=5.0,
        width=1280,
        height=720,
        has_sound=True,
        size=CLIP.size,
        video_codec="h264",
        audio_codec="aac",
        frames_per_second=30.0,
        sound_seconds=5.0,
    ),
    audio=None,
)


def typical_ask(place: Place, voice: str | None) -> Ask:
    """A line with that voice for a clip that fits every provider, from a member who has been there for long."""
    everyone = frozenset({place.guild_id})  # the role that all members have, which has the server's id
    return Ask(place, Asker(NOBODY, role_ids=everyone), interaction_id=0, video=CLIP, text=TEXT, voice=voice)
