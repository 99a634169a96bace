"""`SANDBOX=1`: the sandbox as a provider of the real bot."""

from __future__ import annotations

from contextlib import AsyncExitStack

from bot.errors import SettingsError
from bot.net.client import Http
from bot.providers.base import Provider


async def open_sandbox(stack: AsyncExitStack) -> str:
    """Serve the sandbox on loopback; its address."""
    try:
        from bot.sandbox.server import Sandbox  # noqa: PLC0415 - needs the extra `sandbox`
    except ImportError as error:
        raise SettingsError(
            problem=f"SANDBOX: needs the extra “sandbox” installed ({error.name} is missing); the image whose tag ends "
            "in -sandbox has it"
        ) from None
    return (await stack.enter_async_context(Sandbox())).url


def sandbox_providers(http: Http, url: str) -> dict[str, Provider]:
    """The provider that it is."""
    from bot.sandbox.provider import SandboxProvider  # noqa: PLC0415 - needs the extra `sandbox`

    return {SandboxProvider.name: SandboxProvider(http, f"{url}/runcomfy")}
