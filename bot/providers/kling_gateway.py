"""Any gateway with Kling's older lip-sync call below `/kling/v1` (docs.yutoai.net, "Lip Sync", and its siblings).

The gateway's address is part of the key. Gateways answer in one of three families: Kling's own envelope, the flat shape
of an OpenAI video, and errors as a word or an object. A lost submission can't be looked up; nothing can be cancelled.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote

from bot.domain.flows import Flow, Stage
from bot.domain.request import Request
from bot.net.address import Address
from bot.net.client import Http
from bot.net.faults import BadAddress, BadKey, Gone, Mistyped, NotAccepted, OutOfCredit, ProviderError, RateLimited
from bot.net.reply import Reply
from bot.providers._kling_api import accepted_body, legacy_input, task_id, told
from bot.providers._kling_limits import LEGACY
from bot.providers.base import Accepted, Credentials, Done, Failed, KeyField, Provider, Submission, Waiting

PATH = "/kling/v1/videos/lip-sync"
LOOKS_LIKE = "it must look like https://api.example.com"
NO_TASK = "0"  # asked about to test a key: it costs nothing, and only a good key learns that there is no such task


class KlingGateway(Provider):
    name = "kling_gateway"
    label = "Kling gateway"
    base_url = ""
    prices = "the gateway's own"
    pricing = "unnamed"
    own_hosts = True
    credentials: ClassVar[tuple[KeyField, ...]] = (
        KeyField("api_key", "API key", "sk-…"),
        KeyField("address", "Address of the gateway", "https://api.example.com", secret=False),
    )
    flows = (
        Flow("text", "text", LEGACY, (Stage("lipsync", "Making the video"),)),
        Flow("audio", "audio", LEGACY, (Stage("lipsync", "Making the video"),)),
    )

    async def submit(self, call: Submission) -> Accepted:
        body = {"input": legacy_input(call, self.voices)}
        reply = await self._call("POST", PATH, call.credentials, body, paid=True)
        return Accepted(task_id(accepted_body(reply), reply))

    async def poll(self, stage: str, remote: str, credentials: Credentials) -> Waiting | Done | Failed:  # noqa: ARG002
        http, url, headers = self._to(f"{PATH}/{quote(remote, safe='')}", credentials)
        return await http.ask("GET", url, told, again=Waiting, headers=headers)

    async def check_key(self, credentials: Credentials) -> None:
        reply = await self._call("GET", f"{PATH}/{NO_TASK}", credentials)
        passes_unless_refused(reply)

    async def price(self, request: Request, credentials: Credentials) -> Decimal | None:  # noqa: ARG002
        return None

    def results(self, credentials: Credentials) -> Http:
        try:
            return self._http if self._base else self._http.at_gateway(address(credentials["address"]))
        except BadAddress:  # it was allowed before; public addresses are still followed
            return self._http

    async def _call(self, method: str, path: str, credentials: Credentials, body: Any = None, **how: Any) -> Reply:
        http, url, headers = self._to(path, credentials)
        return await http.request(method, url, headers=headers, body=body, **how)

    def _to(self, path: str, credentials: Credentials) -> tuple[Http, str, dict[str, str]]:
        """What a call goes through, its address, and its headers."""
        headers = {"Authorization": f"Bearer {credentials['api_key']}"}
        if self._base:
            return self._http, self._base + path, headers
        typed = address(credentials["address"])
        return self._http.at_gateway(typed), str(typed).rstrip("/") + path, headers


def address(typed: str) -> Address:
    """The gateway's root, from an address as people copy it. `BadAddress` when it is none."""
    root = typed.strip().rstrip("/").removesuffix("/v1").removesuffix("/kling")
    if any(sign in root for sign in " ?#@\\"):
        raise BadAddress(LOOKS_LIKE)
    try:
        return Address.parse(root)
    except BadAddress:
        raise BadAddress(LOOKS_LIKE) from None


def passes_unless_refused(reply: Reply) -> None:
    """Judge a key by the answer to a question about a task that doesn't exist: any answer but a refusal of the key, or
    none at all, means that it works.
    """
    try:
        accepted_body(reply)
    except (BadKey, OutOfCredit, RateLimited):
        raise
    except NotAccepted:
        if reply.status >= 500 or not isinstance(reply.body, dict):
            raise
    except Gone as fault:
        if fault.detail.startswith("HTTP 404") and "task" not in fault.detail.lower():
            raise Mistyped("there is no lip-sync call of Kling's at this address") from None
    except ProviderError:
        return
