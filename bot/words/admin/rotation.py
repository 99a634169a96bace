"""What the operator reads of keys that were sealed with another master key, or given up with a lost one."""

from __future__ import annotations

from bot.words.english import counted


def sealed_anew(count: int, master: str) -> str:
    """So many keys were sealed with that master key, which now opens all of them."""
    were = "was" if count == 1 else "were"
    return f"{counted(count, 'key')} {were} sealed anew with “{master}”; other master keys are no longer needed."


def given_up(keys: int, servers: int) -> str:
    """So many keys of so many servers can't be opened any more."""
    if not keys:
        return "Every key can be opened, so none was given up."
    were, them = ("was", "it") if keys == 1 else ("were", "them")
    return (
        f"{counted(keys, 'key')} of {counted(servers, 'server')} can't be opened, and {were} switched off. The bot "
        f"tells the moderators there to save {them} again; nothing else was changed."
    )
