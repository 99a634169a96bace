"""What leaves for the outside, and what each way of failing proves: every status and every fault, without a socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import ClientConnectorError, ConnectionTimeoutError, ServerDisconnectedError
from aiohttp.client_reqrep import ConnectionKey

from bot.net.address import Address
from bot.net.client import Http
from bot.net.faults import (
    BadAddress,
    BadKey,
    Gone,
    InputRejected,
    NotAccepted,
    OutOfCredit,
    ProviderError,
    RateLimited,
    UnknownOutcome,
)
from bot.net.reply import Reply
from bot.net.transport import FRESH, PURPOSE
from bot.net.trust import Purpose

REFUSALS = {401: BadKey, 402: OutOfCredit, 403: BadKey, 404: Gone, 410: Gone, 429: RateLimited}


@pytest.mark.parametrize("status", range(200, 600))
def test_every_status_proves_that_nothing_was_accepted_or_leaves_it_open_or_is_an_answer(status: int) -> None:
    lost = status in {408, 409, 425} or 300 <= status < 400 or status >= 500
    for paid in (True, False):
        reply = Reply(status, {}, None, paid)
        if status < 300:
            reply.raise_by_status()
            continue
        with pytest.raises(ProviderError) as raised:
            reply.raise_by_status()
        unclear = UnknownOutcome if paid else NotAccepted
        assert type(raised.value) is (unclear if lost else REFUSALS.get(status, InputRejected))
        assert raised.value.detail == f"HTTP {status}"


def test_what_the_provider_says_beside_a_status_is_kept() -> None:
    with pytest.raises(InputRejected) as raised:
        Reply(422, {}, None, paid=True).raise_by_status("no face")
    assert raised.value.detail == "HTTP 422 no face"
    with pytest.raises(RateLimited) as busy:
        Reply(429, {}, 7.0, paid=True).raise_by_status("slow down")
    assert (busy.value.detail, busy.value.retry_after) == ("HTTP 429 slow down", 7.0)


@pytest.mark.parametrize(("paid", "fault"), [(True, UnknownOutcome), (False, NotAccepted)])
def test_an_answer_that_does_not_say_what_it_should_proves_nothing_of_a_paid_request(
    paid: bool, fault: type[ProviderError]
) -> None:
    with pytest.raises(ProviderError) as raised:
        Reply(200, {}, None, paid).unusable("no id")
    assert (type(raised.value), raised.value.detail) == (fault, "no id")


def caused(fault: Exception, cause: Exception) -> Exception:
    fault.__cause__ = cause
    return fault


KEY = ConnectionKey("h", 443, True, True, None, None, None)


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        (httpx.PoolTimeout("canary"), "PoolTimeout"),
        (caused(httpx.ConnectError("canary"), ClientConnectorError(KEY, OSError("canary"))), "ClientConnectorError"),
        (caused(httpx.ConnectTimeout("canary"), ConnectionTimeoutError("canary")), "ConnectionTimeoutError"),
    ],
)
async def test_a_connection_that_never_came_about_is_proof(fault: Exception, detail: str) -> None:
    raised = await fault_of_transport(fault, paid=True)
    assert (type(raised), raised.detail) == (NotAccepted, detail)


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        (caused(httpx.ConnectTimeout("canary"), ServerDisconnectedError("canary")), "ServerDisconnectedError"),
        (httpx.ReadTimeout("canary"), "ReadTimeout"),
        (httpx.StreamClosed(), "StreamClosed"),
        (ServerDisconnectedError("canary"), "ServerDisconnectedError"),
        (TimeoutError("canary"), "TimeoutError"),
        (OSError("canary"), "OSError"),
    ],
)
async def test_a_connection_that_broke_later_proves_nothing_of_a_paid_request(fault: Exception, detail: str) -> None:
    raised = await fault_of_transport(fault, paid=True)
    assert (type(raised), raised.detail) == (UnknownOutcome, detail)
    raised = await fault_of_transport(fault, paid=False)
    assert (type(raised), raised.detail) == (NotAccepted, detail)


async def test_another_scheme_is_no_web_address() -> None:
    raised = await fault_of_transport(httpx.UnsupportedProtocol("canary"), paid=True)
    assert (type(raised), raised.detail) == (BadAddress, "it is no web address")


async def fault_of_transport(fault: Exception, *, paid: bool) -> ProviderError:
    """What becomes of a fault beneath httpx."""

    def breaks(_: httpx.Request) -> httpx.Response:
        raise fault

    async with httpx.MockTransport(breaks) as transport:
        with pytest.raises(ProviderError) as raised:
            await Http(transport).request("POST", "https://x.example/", headers={}, body={}, paid=paid)
    assert raised.value.__cause__ is None
    return raised.value


async def asked(**sent: Any) -> httpx.Request:
    """What leaves for such a request."""
    seen: list[httpx.Request] = []

    async def body() -> AsyncIterator[bytes]:
        yield b'{"said": "XXXX"}'

    async def reading(request: httpx.Request) -> httpx.Response:
        await request.aread()
        seen.append(request)
        return httpx.Response(200, content=body())

    async with httpx.MockTransport(reading) as transport:
        reply = await Http(transport).request("PUT", "https://x.example/a?b=1", headers={"X-A": "1"}, **sent)
    assert (reply.status, reply.body, reply.retry_after, reply.paid) == (
        200,
        {"said": "XXXX"},
        None,
        sent.get("paid", False),
    )
    return seen[0]


@pytest.mark.parametrize("paid", [True, False])
async def test_a_request_leaves_as_json_and_says_whether_it_may_share_a_connection(paid: bool) -> None:
    request = await asked(body={"a": 1}, paid=paid)
    assert (request.method, str(request.url), request.headers["X-A"]) == ("PUT", "https://x.example/a?b=1", "1")
    assert json.loads(request.content) == {"a": 1}
    assert request.headers["Content-Type"] == "application/json"
    assert (request.extensions[FRESH], request.extensions[PURPOSE]) == (paid, None)


async def test_a_body_in_chunks_leaves_as_it_is() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    assert (await asked(body=chunks())).content == b"onetwo"


async def test_a_file_leaves_as_a_form(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"sound")
    request = await asked(file=("upload", tmp_path / "a.mp3"))
    assert b'name="upload"; filename="a.mp3"' in request.content
    assert b"sound" in request.content


def test_a_request_says_for_which_host_and_port_the_operator_named_it() -> None:
    named = Http(httpx.AsyncBaseTransport()).at("http://kling.example:8443/api")
    assert named.purpose == Purpose("kling.example", "kling.example:8443")


def test_only_the_gateways_that_the_operator_allows_may_be_typed() -> None:
    typed = Address.parse("https://kling.example:8443/api")
    transport = httpx.AsyncBaseTransport()
    assert Http(transport).at_gateway(typed).purpose is None
    by_port = Http(transport, ["kling.example:8443", "other.example"]).at_gateway(typed)
    assert by_port.purpose == Purpose("kling.example", "kling.example:8443")
    assert Http(transport, ["kling.example"]).at_gateway(typed).purpose == Purpose("kling.example")
    with pytest.raises(BadAddress) as refused:
        Http(transport, ["b.example", "a.example"]).at_gateway(typed)
    assert refused.value.detail == "whoever runs this bot allows only these gateways: a.example, b.example"
