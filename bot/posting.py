"""What Discord answers to a post, sorted into the three kinds that matter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord

from bot.errors import PostFailed, PostRefused, PostTooLarge

FILE_TOO_LARGE = {40005, 50045}


@asynccontextmanager
async def post_errors() -> AsyncIterator[None]:
    """Raise never here, too large, or again later (as for an answer that is no JSON)."""
    try:
        yield
    except discord.HTTPException as error:
        if error.status == 413 or error.code in FILE_TOO_LARGE:
            raise PostTooLarge from error
        if error.status == 429 or error.status >= 500:
            raise PostFailed(problem=error) from error
        raise PostRefused(problem=error) from error
    except (discord.RateLimited, aiohttp.ClientError, OSError, ValueError, TypeError) as error:
        raise PostFailed(problem=type(error).__name__) from error
