"""Web addresses from outside: read once; whatever they are, nothing but a fault of ours comes of it."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yarl

from bot.files.incoming import Incoming
from bot.net.address import Address, host_entry, kept
from bot.net.client import Http
from bot.net.faults import BadAddress, ProviderError
from bot.net.transport import open_transport
from bot.providers.base import Submission
from bot.providers.kling_gateway import KlingGateway
from tests.providers.samples import HANDLE, text_request

COUNT = 10_000
HEADERS = {"Authorization": "Bearer rc-canary-0123456789"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://cdn.example", "https://cdn.example/"),
        ("HTTPS://CDN.Example:443/a/../b?x=1#top", "https://cdn.example/b?x=1"),
        ("https://cdn.example:8443/v.mp4?sig=a%2Bb", "https://cdn.example:8443/v.mp4?sig=a%2Bb"),
        ("https://bücher.example/ä b.mp4", "https://xn--bcher-kva.example/%C3%A4%20b.mp4"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://r3---sn-a.example/", "https://r3---sn-a.example/"),
        ("http://127.0.0.1:81/x", "http://127.0.0.1:81/x"),
        ("https://[2001:DB8::0:1]:444/x", "https://[2001:db8::1]:444/x"),
    ],
)
def test_an_address_is_read_as_every_layer_below_reads_it(text: str, read: str) -> None:
    address = Address.parse(text)
    assert str(address) == str(yarl.URL(str(address))) == read
    assert Address.parse(read) == address


@pytest.mark.parametrize(
    "text",
    [
        "https://u:p@x.example/", "https://u@x.example", "https://:p@x.example", "https://xn--a",
        "https://a.xn--a.example", f"https://xn--a{'9' * 30}a", f"https://b.xn--a{'9' * 30}a.example",
        "https://a..b", "https://.a", "https://a.", "https://-a.example", "https://a-.example",
        f"https://{'a' * 64}.example",
        "https://" + "a." * 130 + "example", "https://a_b.example", "https://a b.example", "https://a%2eb.example",
        "https://127.1", "https://2130706433", "https://0x7f000001", "https://0177.0.0.1", "https://1.2.3.4.5",
        "https://0x",
        "https://127.0.0.1.", "https://[::1", "https://[fe80::1%25eth0]/", "https://[v1.a]/", "https://x.example:0",
        "https://x.example:65536", "https://x.example:" + "9" * 5000, "https://x.example:-1",
        "https://x.example/\r\nHost: y",
        "https://x.example/\x00", "https://x.example/\u202e", "https://x.example/\ud800",
        "https://x.example\\@y.example",
        "https:/x.example", "https:x.example", "//x.example/", "/x", "", " ", "x.example", "ftp://x.example",
        "file:///etc/passwd",
        "javascript:alert(1)", "data:video/mp4;base64,AA", "https://" + "x" * 9000, "https://１２７.0.0.1", None, 7, {},
    ],
)  # fmt: skip
def test_everything_else_is_one_fault(text: Any) -> None:
    with pytest.raises(BadAddress):
        Address.parse(text)
    assert not isinstance(text, str) or kept(text) == ""


def test_what_may_hold_a_signature_or_a_name_is_in_no_fault_and_not_shown() -> None:
    with pytest.raises(BadAddress) as caught:
        Address.parse("https://me:canary@x.example/?sig=canary")
    fault = caught.value
    assert "canary" not in f"{fault!r} {fault.detail} {fault.__cause__!r} {Address.parse('https://x.example/canary')!r}"


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("A.example", "a.example"), ("a.example:80", "a.example:80"), ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"),
        ("[::1]", "[::1]"), ("[::1]:443", "[::1]:443"), ("localhost:8080", "localhost:8080"),
    ],
)  # fmt: skip
def test_a_host_is_listed_alone_or_with_its_port(text: str, entry: str) -> None:
    assert host_entry(text) == entry


@pytest.mark.parametrize(
    "text", ["https://a.example", "a.example/", "a.example/x", "a b", "u@a.example", "a..b", "*.a", ""]
)
def test_what_is_no_host_is_not_listed(text: str) -> None:
    with pytest.raises(BadAddress):
        host_entry(text)


PIECES = (
    "https://", "http://", "HTTPS://", "ws://", "//", "/", "\\", ":", "@", "u:p@", "?", "#", "%", "%00", "%2e",
    ".", "..", "[",
    "]", "::1", "[::1]", "[::ffff:127.0.0.1]", "xn--", "xn--a", "xn--bcher-kva", "a", "localhost", "127.0.0.1",
    "127.1", "0x7f",
    "10.0.0.8", "cdn.example", ".example", "ü", "ß", "ｅ", "。", "\u200d", "\u202e", "\ud800", "\x00", "\n",
    "\r\n", "\t", " ",
    "-", "_", "65536", ":0", ":443", ":99999999999", "9" * 30, "a" * 64, "v.mp4", "x=1&y=2", "😀", "*", "'",
    '"', "<", "{",
)  # fmt: skip


def addresses(seed: int) -> Iterator[str]:
    """Addresses that are nearly good, and some that are."""
    chance = random.Random(seed)
    for _ in range(COUNT):
        pieces = chance.choices(PIECES, k=chance.randrange(7))
        if chance.random() < 0.8:
            pieces.insert(0, chance.choice(PIECES[:3]))
        yield "".join(pieces)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name is this machine's, so nothing is ever connected to."""

    def here(_: str, port: int, *__: object, **___: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    async def literal(*_: object) -> None:
        raise OSError("no network here")

    monkeypatch.setattr(socket, "getaddrinfo", here)
    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.sock_connect", literal, raising=False)
    monkeypatch.setattr("asyncio.selector_events.BaseSelectorEventLoop.sock_connect", literal)


Call = Callable[[Http, str, Path], Awaitable[object]]
CALLS: dict[str, Call] = {
    "a free call": lambda http, text, _: http.request("GET", text, headers=HEADERS),
    "a paid call": lambda http, text, _: http.request("POST", text, headers=HEADERS, body={}, paid=True),
    "a download": lambda http, text, folder: http.download(text, folder / "x", most=9),
    "a key's test": lambda http, text, _: KlingGateway(http).check_key(gateway(text)),
    "a gateway's poll": lambda http, text, _: KlingGateway(http).poll("lipsync", "1", gateway(text)),
    "a gateway's submit": lambda http, text, _: KlingGateway(http).submit(
        Submission("lipsync", text_request("text"), HANDLE, {}, gateway(text))
    ),
    "a gateway's results": lambda http, text, folder: (
        KlingGateway(http).results(gateway(text)).download(text, folder / "x", most=9)
    ),
}


def gateway(text: str) -> dict[str, str]:
    return {"api_key": "gw-canary-0001", "address": text}


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("call", CALLS)
async def test_no_address_breaks_a_call(call: str, tmp_path: Path) -> None:
    async with open_transport() as transport:
        http = Http(transport)
        for text in addresses(seed=len(call)):
            with pytest.raises(ProviderError) as caught:
                await CALLS[call](http, text, tmp_path)
            assert "canary" not in str(caught.value)


def test_no_address_breaks_what_asks_about_one() -> None:
    nothing: Any = None
    incoming, read = Incoming(nothing, nothing, "", nothing, nothing), 0
    for text in addresses(seed=1):
        assert incoming.is_attachment(text) is False
        good = kept(text)
        assert good in {"", text}
        if good:
            read += 1
            address = Address.parse(text)
            assert Address.parse(str(address)) == address
            assert yarl.URL(str(address)).host_subcomponent == address.host
            assert str(address.joined("/x")) == str(address).removesuffix(address.target) + "/x"
        with contextlib.suppress(BadAddress):
            Address.parse("https://x.example/v").joined(text)
    assert read > COUNT / 100
