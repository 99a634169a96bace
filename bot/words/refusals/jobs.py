"""Why a job can't be found, cancelled, made again or decided about."""

from __future__ import annotations

from bot.errors import Refusal


class NoSuchJob(Refusal):
    sentence = "I don't know that job here (any more)."


class NotYours(Refusal):
    sentence = "Only the person who started {job}, or a moderator, can cancel it."


class NothingToCancel(Refusal):
    sentence = "There is nothing to cancel: {job} has already ended."


class NothingKnownToCancel(NothingToCancel):
    sentence = "There is nothing to cancel: that job has already ended."


class NotCancellable(Refusal):
    sentence = (
        "{provider} has already started on {job} and can't be stopped any more. You may leave; the video comes here."
    )


class NotYoursToRepeat(Refusal):
    sentence = "Only the person who asked for {job} can make it again. You can use Apps ▸ Make it speak on the video."


class OnItsWay(Refusal):
    sentence = "{job} is being made again already; it is counted once."


class NotWaiting(Refusal):
    sentence = "{job} isn't waiting for approval (any more)."


class NothingToRefund(Refusal):
    sentence = "{job} doesn't count against its member's limits, so there is nothing to give back."


class NothingToSettle(Refusal):
    sentence = "{job} has no open question: its outcome is known, or a moderator has settled it."
