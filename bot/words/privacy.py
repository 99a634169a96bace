"""What a person is told about what is kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.people.privacy import Record


@dataclass(frozen=True, slots=True)
class Host:
    """Whoever runs the bot: how to reach them, and where their notice and terms stand; empty where not set."""

    contact: str = ""
    privacy_url: str = ""
    terms_url: str = ""


def what_is_kept(
    records: Sequence[Record], guild_id: int | None, days: int, results_days: int, host: Host, *, messages: bool
) -> str:
    """What is kept of a person in this server and in others, for how long, how it goes, and who runs the bot."""
    here = next((record for record in records if record.guild_id == guild_id), None)
    elsewhere = sum(record.jobs for record in records) - (here.jobs if here else 0)
    kept, held = "I have no record of a video of yours.", ""
    if records:
        oldest = int(min(record.oldest_at for record in records))
        kept = f"You are in the records of {here.jobs if here else 0} videos of this server"
        kept += f" and {elsewhere} of others; the oldest is from <t:{oldest}:R>."
        held = (
            "Each holds your user id, your text or the link to your recording, the link to your clip, where it was "
            "asked for, and what became of it. "
        )
    if messages:
        kept += " You want finished videos by direct message when nothing else works."
    return (
        f"{kept}\n{held}After {days} days, or when you press the button, all that leads to you is taken out of a "
        "record; the server's numbers stay. Only your user id stays beside the numbers until a video can't count "
        "against a limit any more: for 30 days, or until a grant that it used ends. That you confirmed the rules, and "
        "that you want direct messages, is kept until you press the button; whether you are blocked somewhere is kept "
        "by that server. Clips and recordings are sent to the provider that makes the video, and go about a day after "
        "its end. Finished videos go once they are posted; one that couldn't be, or only as a smaller copy, is kept "
        f"for {results_days} days. What was posted stays in Discord until it is deleted there.{_named(host)}"
    )


def _named(host: Host) -> str:
    links = [f"[{name}](<{url}>)" for name, url in (("Privacy", host.privacy_url), ("Terms", host.terms_url)) if url]
    told = [f"This bot is run by {host.contact}."] if host.contact else []
    return "".join(f"\n{line}" for line in [*told, " · ".join(links)] if line)
