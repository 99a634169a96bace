"""What is answered to somebody who asked for a video."""

from __future__ import annotations

from bot.domain.job import Job
from bot.words.links import home

ATTESTATION = (
    "**Before your first video:** I make people in clips say something else. Use only clips that show you, or people "
    "who agreed to exactly this. What I make is marked as AI-generated, and moderators can see who asked for it.\n"
    "By pressing the button you confirm this for all videos you make with me. It is kept with the time."
)
CONFIRMED = "Thank you, that is kept. If your video isn't under way yet, use the command once more."
STARTING = "I'm on it …"
DROPPED = "Nothing was made, counted or charged."


def accepted(job: Job, left: str) -> str:
    """Where the job is shown, and what is `left` to its member."""
    where = "I'll show it here as soon as Discord lets me." if job.card_id is None else home(job)
    sentence = f"**{job.code}** is on its way: {where}\nI'll ping you there when the video is ready."
    if job.state == "held":
        sentence = (
            f"**{job.code}** waits for this server's moderators: {where}\nNothing is sent or charged until "
            "they say yes; I'll ping you there either way."
        )
    return f"{sentence}\n{left}".rstrip()


def typed_text(text: str) -> str:
    """Give a text back that was typed in vain: nobody likes to type it twice."""
    copied = text.replace("```", "'''")
    return f"Your text, to copy:\n```\n{copied}\n```"
