"""One request: what each way of failing proves about money, on real sockets."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from time import time

import pytest

from bot.net.client import MAX_JSON_BYTES, Http
from bot.net.download import PIECE_BYTES
from bot.net.faults import (
    BadAddress,
    BadKey,
    Gone,
    InputRejected,
    NotAccepted,
    OutOfCredit,
    ProviderError,
    RateLimited,
    ResultUnusable,
    UnknownOutcome,
    Unwritable,
)
from bot.net.transport import open_transport
from bot.net.trust import is_public
from tests.conftest import FullDisk

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEADERS = {"Authorization": "Bearer rc-canary-0123456789"}


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A TCP server that does with each connection what the test says."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.close()


def answering(raw: str | bytes, *, then_close: bool = True) -> Handler:
    """Reads one request, answers with these bytes."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"content-length: " in head.lower():
                await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            writer.write(raw.encode() if isinstance(raw, str) else raw)
            await writer.drain()
            if then_close:
                return

    return handler


def http_answer(status: str, body: str, *headers: str) -> str:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", *headers, "", body)
    return "\r\n".join(lines)


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with open_transport({"127.0.0.1"}) as transport:
        yield Http(transport).at("http://127.0.0.1")


async def fault_of(http: Http, raw: str | bytes, *, paid: bool) -> ProviderError:
    """The fault that such an answer becomes."""
    async with serving(answering(raw)) as url:
        with pytest.raises(ProviderError) as caught:
            (await http.request("POST", url, headers=HEADERS, body={}, paid=paid)).raise_by_status()
    return caught.value


async def test_a_refused_connection_proves_that_nothing_was_accepted(http: Http) -> None:
    async with serving(answering("")) as url:
        pass
    with pytest.raises(NotAccepted):
        await http.request("POST", url, headers=HEADERS, body={}, paid=True)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("", id="closed without an answer"),
        pytest.param("HTTP/1.1 200 OK\r\nContent-Len", id="closed within the head"),
        pytest.param('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"request_id"', id="closed within the body"),
        pytest.param("complete nonsense\r\n\r\n", id="not even HTTP"),
        pytest.param(http_answer("200 OK", "<html>hello</html>"), id="HTML"),
        pytest.param(http_answer("200 OK", '{"request_id": "tru'), id="truncated JSON"),
        pytest.param(http_answer("500 Oops", "{}"), id="500"),
        pytest.param(http_answer("502 Bad Gateway", "<html>nginx</html>"), id="502"),
        pytest.param(http_answer("503 Busy", "{}"), id="503"),
        pytest.param(http_answer("504 Late", "{}"), id="504"),
        pytest.param(http_answer("302 Found", "{}", "Location: /elsewhere"), id="redirect"),
        pytest.param(http_answer("302 Found", "{}", "Location: https://xn--a/"), id="redirect to no host"),
        pytest.param(http_answer("302 Found", "{}", "Location: https://[::1"), id="redirect to no address"),
    ],
)
async def test_once_a_paid_request_has_left_only_an_answer_tells(http: Http, raw: str) -> None:
    assert type(await fault_of(http, raw, paid=True)) is UnknownOutcome
    assert type(await fault_of(http, raw, paid=False)) is NotAccepted


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        ("400 Bad", InputRejected),
        ("401 Who", BadKey),
        ("402 Pay", OutOfCredit),
        ("403 No", BadKey),
        ("404 Where", Gone),
        ("422 What", InputRejected),
    ],
)
async def test_a_refusal_in_words_is_proof_too(http: Http, status: str, fault: type[ProviderError]) -> None:
    assert type(await fault_of(http, http_answer(status, '{"error": "x"}'), paid=True)) is fault


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("Retry-After: 7", 7.0), ("Retry-After: soon", None), ("X-Nothing: 1", None), ("Retry-After: -5", 0.0)],
)
async def test_being_rate_limited_says_when_to_come_back(http: Http, header: str, seconds: float | None) -> None:
    fault = await fault_of(http, http_answer("429 Slow", "{}", header), paid=True)
    assert isinstance(fault, RateLimited)
    assert fault.retry_after == seconds


async def test_a_date_to_come_back_at_is_understood(http: Http) -> None:
    header = f"Retry-After: {formatdate(time() + 60, usegmt=True)}"
    fault = await fault_of(http, http_answer("429 Slow", "<p>", header), paid=True)
    assert isinstance(fault, RateLimited)
    assert fault.retry_after is not None
    assert 50 < fault.retry_after <= 61


async def test_an_endless_answer_is_cut(http: Http) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(4 * MAX_JSON_BYTES // 2**16):
            writer.write(b" " * 2**16)
            await writer.drain()

    async with serving(flood) as url:
        with pytest.raises(NotAccepted):
            await http.request("GET", url, headers=HEADERS)


async def test_a_provider_that_quotes_the_key_does_not_get_it_into_our_logs(http: Http) -> None:
    fault = await fault_of(http, http_answer("400 Bad", '{"error": "bad key rc-canary-0123456789"}'), paid=True)
    async with serving(answering(http_answer("200 OK", '{"echo": "rc-canary-0123456789"}'))) as url:
        reply = await http.request("GET", url, headers=HEADERS)
    assert "canary" not in f"{fault!r} {fault.detail} {reply!r}"
    assert reply.body == {"echo": "[key]"}


async def test_polls_share_a_connection_and_paid_requests_never_reuse_one(http: Http) -> None:
    connections = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await answering(http_answer("200 OK", "{}"), then_close=False)(reader, writer)

    async with serving(count) as url:
        for _ in range(3):
            await http.request("GET", url, headers=HEADERS)
        assert connections == 1
        for _ in range(3):
            await http.request("POST", url, headers=HEADERS, body={}, paid=True)
        assert connections == 4


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://10.0.0.8/x",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/x",
    ],
)
async def test_private_and_plain_addresses_are_refused_before_anything_is_sent(url: str) -> None:
    async with open_transport() as transport:
        with pytest.raises(BadAddress if "localhost" not in url else NotAccepted):
            await Http(transport).request("POST", url, headers=HEADERS, body={}, paid=True)


async def test_a_redirect_of_a_download_is_checked_like_its_first_address(tmp_path: Path) -> None:
    async with serving(answering("")) as inside:
        port = inside.rpartition(":")[2]
        redirect = answering(http_answer("302 Found", "", f"Location: http://localhost:{port}/secret"))
        async with serving(redirect) as url, open_transport({"127.0.0.1"}) as transport:
            with pytest.raises(BadAddress):
                await Http(transport).at(url).download(url, tmp_path / "x.mp4", most=100)


async def test_a_download_appears_only_when_it_is_complete(http: Http, tmp_path: Path) -> None:
    target = tmp_path / "x.mp4"
    async with serving(answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")) as url:
        with pytest.raises(NotAccepted):
            await http.download(url, target, most=100)
    assert not target.exists()
    async with serving(answering(http_answer("200 OK", "1234567890"))) as url:
        await http.download(url, target, most=100)
    assert target.read_bytes() == b"1234567890"


async def test_whoever_wants_every_byte_of_a_download_gets_what_is_on_disk(http: Http, tmp_path: Path) -> None:
    target, sent, pieces = tmp_path / "x.mp4", "0123456789" * (PIECE_BYTES // 4), list[bytes]()
    async with serving(answering(http_answer("200 OK", sent))) as url:
        await http.download(url, target, most=len(sent), also=pieces.append)
    assert b"".join(pieces) == target.read_bytes() == sent.encode()


@pytest.mark.parametrize("size", [10, PIECE_BYTES, PIECE_BYTES * 3])
async def test_a_disk_that_takes_no_more_is_not_taken_for_the_connections_fault(
    http: Http, tmp_path: Path, full_disk: FullDisk, size: int
) -> None:
    full_disk.is_full, target = True, tmp_path / "x.mp4"
    async with serving(answering(http_answer("200 OK", "x" * size))) as url:
        with pytest.raises(Unwritable, match="No space left"):
            await http.download(url, target, most=size)
        assert not list(tmp_path.iterdir())
        full_disk.is_full = False
        await http.download(url, target, most=size)
    assert target.stat().st_size == size


async def test_what_an_earlier_life_left_of_a_download_is_no_part_of_the_next(http: Http, tmp_path: Path) -> None:
    (tmp_path / "x.mp4.part").write_bytes(b"123")
    async with serving(answering(http_answer("200 OK", "1234567890"))) as url:
        await http.download(url, tmp_path / "x.mp4", most=100)
    assert (tmp_path / "x.mp4").read_bytes() == b"1234567890"


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://x.example/v.mp4", "https://x.example:99999/", "https://[::1", "/x"]
)
async def test_an_address_that_is_none_is_a_fault_not_a_crash(http: Http, tmp_path: Path, url: str) -> None:
    with pytest.raises(BadAddress):
        await http.download(url, tmp_path / "x.mp4", most=100)


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (http_answer("404 Gone", ""), Gone),
        (http_answer("403 Expired", ""), Gone),
        (http_answer("500 Oops", ""), NotAccepted),
        (http_answer("200 OK", ""), NotAccepted),
        (http_answer("200 OK", "x" * 101), ResultUnusable),
        ("HTTP/1.1 200 OK\r\n\r\n" + "x" * 101, ResultUnusable),
        (http_answer("302 Found", "", "Location: /again"), ResultUnusable),
        (http_answer("302 Found", "", "Location: https://[::1"), BadAddress),
        (http_answer("302 Found", "", "Location: https://u:p@x.example/"), BadAddress),
        (http_answer("302 Found", "", "Location: https://xn--a/"), BadAddress),
        (http_answer("302 Found", "", "Location: https://a..b/"), BadAddress),
        (http_answer("304 Not Modified", ""), NotAccepted),
    ],
)
async def test_a_download_that_cannot_be_had_says_whether_to_try_again(
    http: Http, tmp_path: Path, raw: str, fault: type[ProviderError]
) -> None:
    async with serving(answering(raw)) as url:
        with pytest.raises(fault):
            await http.download(url, tmp_path / "x.mp4", most=100)
    assert not (tmp_path / "x.mp4").exists()


@asynccontextmanager
async def counting() -> AsyncIterator[tuple[int, list[int]]]:
    """A port on this machine, and how often somebody connected to it."""
    connections: list[int] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001
        connections.append(1)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], connections
    finally:
        server.close()


@pytest.mark.parametrize("host", ["https://127.0.0.1", "https://localhost", "http://127.0.0.1", "http://localhost"])
async def test_nothing_on_this_machine_is_ever_connected_to(host: str) -> None:
    async with counting() as (port, connections), open_transport() as transport:
        url = f"{host}:{port}/x"
        with pytest.raises((BadAddress, NotAccepted)):
            await Http(transport).at(url).request("POST", url, headers=HEADERS, body={}, paid=True)
        assert connections == []
    async with (
        counting() as (port, connections),
        open_transport({f"127.0.0.1:{port}", f"localhost:{port}"}) as transport,
    ):
        url = f"{host}:{port}/x"
        with pytest.raises((BadAddress, NotAccepted)):  # it is trusted, and this is no call for which it was named
            await Http(transport).request("POST", url, headers=HEADERS, body={}, paid=True)
        assert connections == []
        with pytest.raises(ProviderError):
            await Http(transport).at(url).request("POST", url, headers=HEADERS, body={}, paid=True)
        assert connections


async def test_a_public_address_is_reached_over_https_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.net.transport.is_public", lambda _: True)
    async with counting() as (port, connections), open_transport() as transport:
        with pytest.raises(BadAddress):
            await Http(transport).request("GET", f"http://localhost:{port}/x", headers=HEADERS)
        assert connections == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fd00::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:a00:1::", False),
        ("2001:0:a00:1::", False),
        ("2002:5db8:d822::", True),
        ("2002:7f00:1::", False),
        ("2002:c0a8:1::", False),
        ("2002:c058:6301::", False),
        ("::127.0.0.1", False),
        ("::93.184.216.34", False),
        ("::ffff:0:127.0.0.1", False),
        ("::ffff:0:93.184.216.34", False),
        ("64:ff9b:1::a00:1", False),
        ("64:ff9b:1:ffff::5db8:d822", False),
        ("192.88.99.1", False),
        ("64:ff9b::192.88.99.1", False),
        ("::ffff:192.88.99.1", False),
        ("192.0.0.9", False),
        ("fec0::1", False),
        ("5f00::1", False),
        ("1::1", False),
        ("ff0e::1", False),
    ],
)
def test_an_address_is_public_only_if_whatever_is_inside_it_is(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_an_answer_may_have_a_megabyte_and_not_more(http: Http) -> None:
    assert MAX_JSON_BYTES == 2**20
    padded = '{"a": 1}' + " " * (MAX_JSON_BYTES - 8)
    async with serving(answering(http_answer("200 OK", padded))) as url:
        assert (await http.request("GET", url, headers=HEADERS)).body == {"a": 1}
    fault = await fault_of(http, http_answer("200 OK", padded + " "), paid=True)
    assert (type(fault), fault.detail) == (UnknownOutcome, "ReadError")


@pytest.mark.parametrize(
    ("status", "detail"), [("400 Bad", "HTTP 400 without JSON"), ("200 OK", "the answer is not JSON")]
)
async def test_an_answer_without_json_says_so(http: Http, status: str, detail: str) -> None:
    assert (await fault_of(http, http_answer(status, "<p>"), paid=True)).detail == detail


async def test_an_answer_is_waited_for_with_an_end_however_slowly_it_drips(
    http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n{")
        await writer.drain()
        await reader.read()  # until the bot hangs up

    monkeypatch.setattr("bot.net.client.REQUEST_SECONDS", 0.05)
    monkeypatch.setattr("bot.net.client.DOWNLOAD_SECONDS", 0.05)
    async with serving(drip) as url, asyncio.timeout(60):
        for asking in (
            http.request("GET", url, headers=HEADERS),
            http.download(url, tmp_path / "x.mp4", most=100),
        ):
            with pytest.raises(NotAccepted):
                await asking


@pytest.mark.parametrize("redirects", [3, 4])
async def test_a_download_follows_three_redirects(http: Http, tmp_path: Path, redirects: int) -> None:
    visits: list[bytes] = []

    async def lead_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append((await reader.readuntil(b"\r\n\r\n")).split()[1])
        status = "302 Found" if len(visits) <= redirects else "200 OK"
        writer.write(http_answer(status, "made", f"Location: /{len(visits)}").encode())
        await writer.drain()

    async with serving(lead_on) as url:
        if redirects == 3:
            await http.download(url, tmp_path / "x.mp4", most=100)
            assert (tmp_path / "x.mp4").read_bytes() == b"made"
        else:
            with pytest.raises(ResultUnusable, match=r"^result_lost: too many redirects$"):
                await http.download(url, tmp_path / "x.mp4", most=100)
    assert visits == [b"/", b"/1", b"/2", b"/3"]


async def test_a_redirect_that_leads_nowhere_is_no_file(http: Http, tmp_path: Path) -> None:
    async with serving(answering(http_answer("302 Found", ""))) as url:
        with pytest.raises(NotAccepted, match="HTTP 302 for the result"):
            await http.download(url, tmp_path / "x.mp4", most=100)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
async def test_only_what_is_a_redirect_is_followed(http: Http, tmp_path: Path, status: int) -> None:
    async def lead_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        answer = (
            http_answer("200 OK", "made") if path == b"/made" else http_answer(f"{status} X", "", "Location: /made")
        )
        writer.write(answer.encode())
        await writer.drain()

    async with serving(lead_on) as url:
        if status in {301, 302, 303, 307, 308}:
            await http.download(url, tmp_path / "x.mp4", most=100)
            assert (tmp_path / "x.mp4").read_bytes() == b"made"
        else:
            with pytest.raises(NotAccepted, match=f"HTTP {status}"):
                await http.download(url, tmp_path / "x.mp4", most=100)
