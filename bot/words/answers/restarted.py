"""What is answered after a restart to whoever had no answer before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bot.domain.job import Job
from bot.providers.base import Provider
from bot.words import job_card
from bot.words.answers import asked
from bot.words.links import home
from storage.jobs.job import OUTCOMES

# What was asked for: a video; to see something; a decision by a button; or a change that can be looked up.
Matter = Literal["video", "view", "button", "keys", "limits", "access", "settings"]

_RESTARTED = "I was restarted before I could answer."
_CHANGED = f"{_RESTARTED} I can't tell whether your change was made: please check with `{{where}}`."
_ANSWERS: Mapping[str, str] = {
    "video": "I was restarted before I could start your video. Nothing was made, counted or charged. Please ask again.",
    "view": f"{_RESTARTED} Nothing was changed. Please ask again.",
    "button": f"{_RESTARTED} If the button is still there, please press it again: nothing is done twice.",
    "keys": _CHANGED.format(where="/lipsync-admin key list"),
    "limits": _CHANGED.format(where="/lipsync-admin quota list"),
    "access": _CHANGED.format(where="/lipsync-admin access status"),
    "settings": _CHANGED.format(where="/lipsync-admin setup"),
}


def answer(matter: str) -> str:
    """What is known of it."""
    return _ANSWERS.get(matter, _RESTARTED)


def accepted(job: Job, left: str, providers: Mapping[str, Provider]) -> str:
    """The video that was asked for was accepted: where it is shown, and what is `left` to its member; or how it ended
    meanwhile.
    """
    if job.state in OUTCOMES:
        return f"**{job.code}**: {home(job)}\n{job_card.status(job, providers, None)}"
    return asked.accepted(job, left)
