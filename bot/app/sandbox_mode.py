"""`SANDBOX=1`: the sandbox as a provider of the real bot."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from bot.errors import SettingsError
from bot.net.client import Http
from bot.providers.base import Provider
from bot.words.admin.operator import SANDBOX_IS_ON

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox


log = logging.getLogger(__name__)


def load_sandbox() -> type[Sandbox]:
    """What serves the sandbox. `SettingsError` when the extra isn't installed that it needs."""
    try:
        from bot.sandbox.server import Sandbox  # noqa: PLC0415 - needs the extra `sandbox`
    except ImportError as error:
        raise SettingsError(
            problem=f"SANDBOX: needs the extra “sandbox” installed ({error.name} is missing); the image whose tag ends "
            "in -sandbox has it"
        ) from None
    return Sandbox


async def open_sandbox(stack: AsyncExitStack) -> str:
    """Serve the sandbox on loopback; its address. `SettingsError` as of `load_sandbox`."""
    served = await stack.enter_async_context(load_sandbox()())
    log.info(SANDBOX_IS_ON)
    return served.url


def sandbox_providers(http: Http, url: str) -> dict[str, Provider]:
    """The provider that it is."""
    from bot.sandbox.provider import SandboxProvider  # noqa: PLC0415 - needs the extra `sandbox`

    return {SandboxProvider.name: SandboxProvider(http, f"{url}/runcomfy")}
