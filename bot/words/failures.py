"""How a job can end without its video: the code kept in its row, and what people read of it.

Whether it cost anything is said beside it by `bot/words/job_card.py`, which knows the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """One reason: `long` as it stands in the job's thread, `short` as a table needs it. `of_key` is why the key is
    switched off that found it out, empty where none is.
    """

    long: str
    short: str
    of_key: str = ""


FAILURES: Mapping[str, Failure] = {
    "unknown_outcome": Failure(
        long=(
            "I lost contact with {provider} while sending and can't tell whether it took the job. "
            "I won't send it again, so that nobody pays twice. A moderator can look it up in the provider's console."
        ),
        short="outcome unknown",
    ),
    "bad_key": Failure(
        long=(
            "{provider} doesn't accept this server's key. Its moderators are told; they can replace it with "
            "`/lipsync-admin key add`."
        ),
        short="key refused",
        of_key="the provider doesn't accept it",
    ),
    "no_key": Failure(
        long=(
            "I have no key of this server for {provider} any more, so I couldn't go on. A moderator can add one with "
            "`/lipsync-admin key add`."
        ),
        short="key removed",
        of_key="it can't be opened any more, as the bot's master key was lost",
    ),
    "out_of_credit": Failure(
        long="This server's {provider} account is out of credit. Its moderators are told.",
        short="out of credit",
        of_key="its account is out of credit",
    ),
    "bad_address": Failure(
        long=(
            "The address of {provider} can't be used, so I couldn't go on. A moderator can put it right with "
            "`/lipsync-admin key add`."
        ),
        short="address can't be used",
    ),
    "input_rejected": Failure(
        long="{provider} can't use this clip or this audio. Try a front view of one face, or another file.",
        short="clip or recording refused",
    ),
    "content_refused": Failure(
        long="{provider} declined this content. If you think that is wrong, ask a moderator.",
        short="content declined",
    ),
    "cannot_hand_over": Failure(
        long="I couldn't prepare the files for {provider}. Try another clip, or a shorter part of it.",
        short="files could not be prepared",
    ),
    "cannot_attach": Failure(
        long=(
            "Discord didn't let me attach the files for {provider} to fetch. A moderator can look at my permissions in "
            "that channel and its threads."
        ),
        short="files could not be attached",
    ),
    "speech_too_short": Failure(
        long=(
            "{provider} needs at least 2 seconds of speech while the face is seen. Use a longer line, or a longer clip."
        ),
        short="speech too short",
    ),
    "gone": Failure(
        long="{provider} doesn't know this job (any more). A moderator can look in the provider's console.",
        short="lost by the provider",
    ),
    "provider_failed": Failure(
        long=(
            "{provider} tried and could not make this video. Try a front view of one face without a hand or a "
            "microphone over the mouth."
        ),
        short="the provider couldn't make it",
    ),
    "cancelled_by_provider": Failure(
        long="{provider} cancelled this job.",
        short="cancelled by the provider",
    ),
    "cancelled": Failure(
        long="Cancelled, as you asked.",
        short="cancelled",
    ),
    "cancelled_by_moderator": Failure(
        long="A moderator of this server cancelled this.",
        short="cancelled by a moderator",
    ),
    "denied": Failure(
        long="This server's moderators said no to this one.",
        short="denied by a moderator",
    ),
    "approval_expired": Failure(
        long="No moderator answered in time, so this was not made. Ask again if you still want it.",
        short="nobody approved it",
    ),
    "never_sent": Failure(
        long="I couldn't bring this to {provider} in time, so I stopped trying. Try again later.",
        short="could not be sent",
    ),
    "restored": Failure(
        long=(
            "I had to go on from a copy of my records, and can't tell what that has missed of this job. I won't send "
            "it again, so that nobody pays twice. A moderator can look it up in {provider}'s console."
        ),
        short="restored from a copy",
    ),
    "took_too_long": Failure(
        long=(
            "{provider} has not finished in time, so I stopped waiting. It may still finish and charge for it; "
            "a moderator can look in the provider's console."
        ),
        short="took too long",
    ),
    "result_lost": Failure(
        long="{provider} finished the video, but I couldn't download it. A moderator can find it in its console.",
        short="video lost",
    ),
    "result_missing": Failure(
        long=(
            "{provider} says that it is made, but not where, so I can't fetch it. Don't ask for it again before a "
            "moderator has looked for it in the provider's console."
        ),
        short="made, but its link was missing",
    ),
    "kept": Failure(
        long=(
            "The video is ready, but I can't post it here. It is kept for you until {until}: `/lipsync jobs` hands it "
            "out."
        ),
        short="could not be posted, only kept for some days",
    ),
    "cannot_post": Failure(
        long="I could not post in that channel.",
        short="could not be posted",
    ),
    "internal": Failure(
        long=(
            "Something went wrong inside the bot, so it stopped working on this job. Whoever runs the bot can find "
            "the reason in its log."
        ),
        short="a fault inside the bot",
    ),
}
THROWN_AWAY = "The video was ready, but could not be posted, and was thrown away by now."  # after “kept”

WENT_WRONG = "Something went wrong inside the bot; whoever runs it can find the reason in its log."  # with a command


def in_short(code: str) -> str:
    """The failure in a few words; the code itself where it is not known."""
    return FAILURES[code].short if code in FAILURES else code


def why_switched_off(code: str | None) -> str:
    """Why a key is switched off, by the code of the fault."""
    failure = FAILURES.get(code or "")
    return (failure and failure.of_key) or "it was refused"
