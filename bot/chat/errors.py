"""What became of a post to Discord that did not go through."""

from __future__ import annotations

from bot.errors import MouthpieceError


class PostRefused(MouthpieceError):
    """Discord will not take this post here, now or later."""

    sentence = "Discord refused the post: {problem}"


class PostFailed(MouthpieceError):
    """The post may or may not have arrived; the same one may be made again, with the same nonce."""

    sentence = "The post failed: {problem}"


class PostTooLarge(MouthpieceError):
    """The file is larger than Discord takes here."""

    sentence = "The file is too large for this server."
