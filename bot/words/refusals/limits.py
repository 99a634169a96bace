"""Why no more may be made now, and why something is no limit."""

from __future__ import annotations

from bot.errors import Refusal


class ServerBusy(Refusal):
    sentence = (
        "This server already has {count} videos under way, which is as many as I take at once. "
        "Nothing was started; try again when some are done."
    )


class BotBusy(Refusal):
    sentence = "I have as much to do as I can take just now. Nothing was started; try again in a few minutes."


class ShuttingDown(Refusal):
    sentence = "I'm being restarted. Nothing was started; try again in a minute."


class OneOrAll(Refusal):
    sentence = (
        "A limit is for the whole server or for one role or member, not for both. Nothing was changed; leave out "
        "`target` or `whole_server`."
    )


class LimitReached(Refusal):
    sentence = "{reason}. Nothing was started or charged. `/lipsync usage` shows all your limits."


class PriceUnknown(Refusal):
    sentence = (
        "A limit on money holds here, and {providers} can't say beforehand what this costs. Nothing was started; "
        "name another provider, or ask a moderator."
    )


class NoSuchRule(Refusal):
    sentence = "There is no such limit; `/lipsync-admin quota list` shows those there are."


class NoSuchGrant(Refusal):
    sentence = "There is no grant #{grant} that lasts; `/lipsync-admin quota list` shows those there are."


class BadDuration(Refusal):
    sentence = "“{duration}” is no duration. Write it like 12h, 3d or 2w, at most a year."


class BadNumber(Refusal):
    sentence = "“{typed}” is no number for “{label}”. Nothing was changed."
