"""*Things to try* at the side of the page: five lines, each of which fills in a command."""

from __future__ import annotations

from typing import Any

SUNNY, TITAN = "en:genshin_vindi2", "en:oversea_male1"


def suggestions() -> list[dict[str, Any]]:
    """Who tries it, what the line says, and the command with its options and sample files."""
    return [
        {
            "as": "alex",
            "title": "Make a video of your own",
            "hint": "Change the line, pick another voice, or attach a clip from your phone.",
            "command": "lipsync text",
            "given": {"text": "Good morning! Who wants pancakes?", "voice": SUNNY},
            "samples": {"video": "another-head.mp4"},
        },
        {
            "as": "alex",
            "title": "Speak a voice message in a phone clip",
            "hint": "The clip lies on its side; one click mends that.",
            "command": "lipsync audio",
            "given": {},
            "samples": {"video": "upright-phone.mp4", "audio": "voice-message.ogg"},
        },
        {
            "as": "alex",
            "title": "Try a clip that is too long",
            "hint": "Choose the part that speaks; the rest stays around it.",
            "command": "lipsync text",
            "given": {"text": "This is the part that you chose.", "voice": TITAN},
            "samples": {"video": "too-long.mp4"},
        },
        {
            "as": "mira",
            "title": "See how a server is set up",
            "hint": "Keys, limits, access, the log: what moderators decide.",
            "command": "lipsync-admin setup",
            "given": {},
            "samples": {},
        },
        {
            "as": "mira",
            "title": "Give everyone 20 videos an hour",
            "hint": "Then be Alex again, and see what /lipsync usage says.",
            "command": "lipsync-admin quota set",
            "given": {"unit": "jobs", "most": "20", "per": "hour"},
            "samples": {},
        },
    ]
