"""Why somebody may not use the bot, or not there."""

from __future__ import annotations

from bot.errors import Refusal


class PlaceUnfit(Refusal):
    sentence = (
        "I can't work in {channel}: I need {missing} there. A moderator can change it under Edit channel → Permissions."
    )


class CannotPost(PlaceUnfit):
    sentence = (
        "I can't work in {channel}: I need to be able to post there. A moderator can change it under Edit channel → "
        "Permissions."
    )


class ChannelUnfit(Refusal):
    sentence = "I can't answer in this kind of channel. Use me in a text channel or a thread of a server."


class NotAllowed(Refusal):
    sentence = "Only members with the Manage Server permission can do that."


class Blocked(Refusal):
    sentence = "This server's moderators don't let you use me. If you think that is wrong, ask one of them."


class ChannelClosed(Refusal):
    sentence = "I'm not open in this channel. Use me in {open}."


class RoleMissing(Refusal):
    sentence = "I'm open to members with the role {roles} only."


class TooNew(Refusal):
    sentence = "I'm open to {kind} of at least {days} days only. You can use me <t:{at}:R>."


class WordsForbidden(Refusal):
    sentence = "This server's AutoMod rule “{rule}” doesn't allow these words. Nothing was started or charged."


class AutoModUnreadable(Refusal):
    sentence = (
        "I can't read this server's AutoMod rules just now, so I don't know whether they allow these words. Nothing "
        "was started or charged. Try again in a minute."
    )


class AutoModTooSlow(Refusal):
    sentence = (
        "This server's AutoMod patterns take too long to apply, so I don't know whether they allow these words. "
        "Nothing was started or charged. A moderator can make them simpler in Server Settings ▸ AutoMod; I look again "
        "after a minute."
    )


class MemberBlocked(Refusal):
    sentence = "{member} is blocked by now. Deny this one, or unblock them first."


class NotBlocked(Refusal):
    sentence = "{member} isn't blocked."
