"""What moderators read of their provider keys, of which only the last characters are ever shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.providers.base import Provider
from bot.words.english import money, person
from bot.words.failures import why_switched_off
from storage.engine.encryption import LOST
from storage.servers.key_info import KeyInfo

NO_KEYS = "This server has no keys yet. Add one with `/lipsync-admin key add`."
WHOSE = "Whose key?"
CHOOSING: Mapping[str, str] = {
    "order": "Providers are tried in this order; the first that fits makes the video.",
    "cheapest": "The cheapest provider that fits makes the video; this order counts where prices are equal or unknown.",
}


def listed_keys(lines: Sequence[str], choosing: str) -> str:
    """The keys in the server's order, and how a provider is chosen."""
    if not lines:
        return NO_KEYS
    return "\n".join([*(f"{place}. {line}" for place, line in enumerate(lines, start=1)), f"-# {CHOOSING[choosing]}"])


def line(provider: Provider, info: KeyInfo, used_at: float | None) -> str:
    """One key in a list."""
    used = f"last used <t:{int(used_at)}:R>" if used_at else "not used yet"
    then = "Save it again" if info.off_reason == LOST else "Test it after putting it right"
    off = f"\n   ⚠️ **Switched off**: {why_switched_off(info.off_reason)}. {then}." if info.off_reason else ""
    return (
        f"**{provider.label}** · key ending **…{info.hint}** · added by {person(info.added_by)} "
        f"<t:{int(info.added_at)}:R> · {used}{off}"
    )


def works(label: str) -> str:
    """The provider takes the key."""
    return f"The {label} key works, and is switched on. The test cost nothing."


def saved(provider: Provider, hint: str, price: Decimal | None) -> str:
    """The key was tested and saved; `price` is for five seconds of video, in the provider's currency."""
    asks = f"{provider.label}'s prices: {provider.prices}."
    if price is not None:
        what = "a video, however long it is" if provider.pricing == "video" else "five seconds of video"
        asks = f"{provider.label} asks about {money(price, provider.currency)} for {what}."
    return (
        f"The {provider.label} key ending **…{hint}** works and is saved. I will never show it again. "
        f"{asks}\nMembers can start with `/lipsync text`. What they may use: "
        "`/lipsync-admin setup`."
    )


def removed(label: str, *, still_needed: bool) -> str:
    """The key is erased, or will be when the last job that it started has ended."""
    erased = f"The {label} key is erased."
    if still_needed:
        erased = f"No new job gets the {label} key. It is erased when the last job that it started has ended."
    return f"{erased} Revoke it at {label} too if it leaked."


def alert(label: str, key: KeyInfo, server: str | None) -> str:
    """What the moderator who added a key is told when it is switched off; `server` is None where it isn't known."""
    said = (
        f"⚠️ The {label} key ending **…{key.hint}** of **{server or 'your server'}** is switched off: "
        f"{why_switched_off(key.off_reason)}. "
    )
    if key.off_reason == LOST:
        return f"{said}Save it again with `/lipsync-admin key add`."
    return (
        f"{said}No other job will use this key. What the job that found this out cost, if anything, is in its thread. "
        f"Put it right at {label} and use `/lipsync-admin key test`, or save another with `/lipsync-admin key add`."
    )
