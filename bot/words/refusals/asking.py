"""Why a command is not carried out, in the words a person reads. Nothing was spent.

Each says what is the matter and what to do next.
"""

from __future__ import annotations

from bot.errors import Refusal


class TextEmpty(Refusal):
    sentence = "There is nothing to say in that text. Type the words that should be spoken."


class NoKey(Refusal):
    sentence = (
        "This server has no provider key yet, so I can't make videos here. "
        "A moderator can add one with `/lipsync-admin key add`."
    )


class KeyMissing(Refusal):
    sentence = "This server has no key for {provider}. It has keys for: {available}."


class KeySwitchedOff(Refusal):
    sentence = (
        "This server's key is switched off: {reasons}. Nothing was charged. "
        "A moderator can put it right, and test it with `/lipsync-admin key test`."
    )


class UnknownProvider(Refusal):
    sentence = "I don't know a provider called “{name}”. I know: {available}."


class PlaceUnfit(Refusal):
    sentence = (
        "I can't work in {channel}: I need {missing} there. A moderator can change it under Edit channel → Permissions."
    )


class ChannelUnfit(Refusal):
    sentence = "I can't answer in this kind of channel. Use me in a text channel or a thread of a server."


class NotAllowed(Refusal):
    sentence = "Only members with the Manage Server permission can do that."


class NotYours(Refusal):
    sentence = "Only the person who started {job}, or a moderator, can cancel it."


class NothingToCancel(Refusal):
    sentence = "There is nothing to cancel: {job} has already ended."


class NotCancellable(Refusal):
    sentence = (
        "{provider} has already started on {job} and can't be stopped any more. You may leave; the video comes here."
    )


class KeyRejected(Refusal):
    sentence = "That key didn't work, so nothing was saved: {problem}"


class NoSuchKey(Refusal):
    sentence = "This server has no key for {provider}; there is nothing to remove."


class ServerBusy(Refusal):
    sentence = (
        "This server already has {count} videos under way, which is as many as I take at once. "
        "Nothing was started; try again when some are done."
    )


class BotBusy(Refusal):
    sentence = "I have as much to do as I can take just now. Nothing was started; try again in a few minutes."


class ShuttingDown(Refusal):
    sentence = "I'm being restarted. Nothing was started; try again in a minute."


class LimitReached(Refusal):
    sentence = "{reason}. Nothing was started or charged. `/lipsync usage` shows all your limits."


class PriceUnknown(Refusal):
    sentence = (
        "A limit on money holds here, and {providers} can't say beforehand what this costs. Nothing was started; "
        "name another provider, or ask a moderator."
    )


class Blocked(Refusal):
    sentence = "This server's moderators don't let you use me. If you think that is wrong, ask one of them."


class ChannelClosed(Refusal):
    sentence = "I'm not open in this channel. Use me in {open}."


class RoleMissing(Refusal):
    sentence = "I'm open to members with the role {roles} only."


class TooNew(Refusal):
    sentence = "I'm open to {kind} of at least {days} days only. You can use me <t:{at}:R>."


class AttestationNeeded(Refusal):
    """What everybody confirms once; it can go on afterwards with what that command asked for."""

    sentence = (
        "**Before your first video:** I make people in clips say something else. Use only clips that show you, or "
        "people "
        "who agreed to exactly this. What I make is marked as AI-generated, and moderators can see who asked for it.\n"
        "By pressing the button you confirm this for all videos you make with me. It is kept with the time."
    )

    def __init__(self, interaction_id: int) -> None:
        super().__init__()
        self.interaction_id = interaction_id


class AlreadyAsked(Refusal):
    sentence = "You have asked for that already, and it is counted once. `/lipsync jobs` shows it."


class WordsForbidden(Refusal):
    sentence = "This server's AutoMod rule “{rule}” doesn't allow these words. Nothing was started or charged."


class NoWorkingKey(Refusal):
    sentence = (
        "This server has no provider key that works, so I can't make videos here. "
        "A moderator can look into it with `/lipsync-admin key list`."
    )
