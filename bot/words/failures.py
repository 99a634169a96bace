"""How a job can end without its video: the code kept in its row, and the sentence in its thread.

Whether it cost anything is said beside it by `bot/words/job_card.py`, which knows the row.
"""

from __future__ import annotations

FAILURES = {
    "unknown_outcome": (
        "I lost contact with {provider} while sending and can't tell whether it took the job. "
        "I won't send it again, so that nobody pays twice. A moderator can look it up in the provider's console."
    ),
    "bad_key": (
        "{provider} doesn't accept this server's key. Its moderators are told; they can replace it with "
        "`/lipsync-admin key add`."
    ),
    "no_key": "This server's key for {provider} was removed before the job was sent.",
    "out_of_credit": "This server's {provider} account is out of credit. Its moderators are told.",
    "input_rejected": "{provider} can't use this clip or this audio. Try a front view of one face, or another file.",
    "content_refused": "{provider} declined this content. If you think that is wrong, ask a moderator.",
    "cannot_hand_over": "I couldn't prepare the files for {provider}. Try another clip, or a shorter part of it.",
    "cannot_attach": (
        "Discord didn't let me attach the files for {provider} to fetch. A moderator can look at my permissions in "
        "that channel and its threads."
    ),
    "speech_too_short": (
        "{provider} needs at least 2 seconds of speech while the face is seen. Use a longer line, or a longer clip."
    ),
    "gone": "{provider} doesn't know this job (any more). A moderator can look in the provider's console.",
    "provider_failed": (
        "{provider} tried and could not make this video. Try a front view of one face without a hand or a microphone "
        "over the mouth."
    ),
    "cancelled_by_provider": "{provider} cancelled this job.",
    "cancelled": "Cancelled, as you asked.",
    "denied": "This server's moderators said no to this one.",
    "approval_expired": "No moderator answered in time, so this was not made. Ask again if you still want it.",
    "never_sent": "I couldn't bring this to {provider} in time, so I stopped trying. Try again later.",
    "restored": (
        "I was restored from a backup and can't tell what became of this job since then. I won't send it again, so "
        "that nobody pays twice. A moderator can look it up in {provider}'s console."
    ),
    "took_too_long": (
        "{provider} has not finished in time, so I stopped waiting. It may still finish and charge for it; "
        "a moderator can look in the provider's console."
    ),
    "result_lost": "{provider} finished the video, but I couldn't download it. A moderator can find it in its console.",
    "kept": (
        "The video is ready, but I can't post it here. It is kept for you until {until}: `/lipsync jobs` hands it out."
    ),
    "thrown_away": "The video was ready, but could not be posted, and was thrown away by now.",
    "cannot_post": "I could not post in that channel.",
}

# The same codes, as short as a table needs them.
IN_SHORT = {
    "unknown_outcome": "outcome unknown",
    "took_too_long": "took too long",
    "provider_failed": "the provider couldn't make it",
    "input_rejected": "clip or recording refused",
    "content_refused": "content declined",
    "cannot_hand_over": "files could not be prepared",
    "cannot_attach": "files could not be attached",
    "speech_too_short": "speech too short",
    "bad_key": "key refused",
    "out_of_credit": "out of credit",
    "no_key": "key removed",
    "gone": "lost by the provider",
    "cancelled": "cancelled",
    "cancelled_by_provider": "cancelled by the provider",
    "denied": "denied by a moderator",
    "approval_expired": "nobody approved it",
    "never_sent": "could not be sent",
    "restored": "restored from a backup",
    "result_lost": "video lost",
    "kept": "could not be posted, only kept for some days",
    "cannot_post": "could not be posted",
}

# Why a key is switched off, by the code of the fault.
KEY_FAULTS = {
    "bad_key": "the provider doesn't accept it",
    "out_of_credit": "its account is out of credit",
}
