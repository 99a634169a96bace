"""A private host is reached only for what the operator named it for; two of everything, over sockets."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bot.app.settings import Settings
from bot.app.transport import transport
from bot.net.address import Address
from bot.net.client import Http
from bot.net.faults import BadAddress, NotAccepted
from bot.providers.kling_gateway import KlingGateway
from bot.providers.runcomfy import RunComfy
from bot.providers.runware import Runware
from tests.net.test_client import answering, counting, http_answer, serving

DONE = http_answer("200 OK", "a video")


@dataclass
class Network:
    """What runs on the operator's machine, each on a port of its own, and what an outsider would like to reach."""

    discord: str = ""
    files: str = ""  # Discord's, on another port
    runcomfy: str = ""
    results: str = ""  # of some provider, on a port that nobody named
    runware: str = ""
    gateway: str = ""
    neighbour: str = ""  # another gateway
    closers: AsyncExitStack = field(default_factory=AsyncExitStack)

    @asynccontextmanager
    async def bot(self, **more: object) -> AsyncIterator[Http]:
        """What the bot has with these settings."""
        settings = Settings.model_validate(
            {
                "discord_token": "t",
                "discord_api_url": f"{self.discord}/api/v10",
                "provider_urls": {"runcomfy": f"{self.runcomfy}/rc", "runware": f"{self.runware}/v1"},
                "trusted_hosts": "127.0.0.1",
                **more,
            }
        )
        async with transport(settings, "") as opened:
            yield Http(opened, settings.gateway_hosts)


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    found = Network()
    async with found.closers as stack:
        for name in ("discord", "files", "runcomfy", "results", "runware", "gateway", "neighbour"):
            setattr(found, name, await stack.enter_async_context(serving(answering(DONE))))
        yield found


async def reached(http: Http, url: str, folder: Path) -> bool:
    """Whether a file can be had there."""
    target = folder / "file"
    target.unlink(missing_ok=True)
    try:
        await http.download(f"{url}/v.mp4", target, most=99)
    except BadAddress:
        return False
    return target.read_bytes() == b"a video"


async def reaches(http: Http, network: Network, folder: Path) -> set[str]:
    """Which of the network's parts."""
    names = ("discord", "files", "runcomfy", "results", "runware", "gateway", "neighbour")
    return {name for name in names if await reached(http, getattr(network, name), folder)}


UNNAMED = {"files", "results", "gateway", "neighbour"}  # where no GATEWAY_HOSTS names the last two


async def test_a_host_is_trusted_for_what_it_was_named_for(network: Network, tmp_path: Path) -> None:
    async with network.bot() as http:
        assert await reaches(http, network, tmp_path) == set()
        discord = http.at(f"{network.discord}/api/v10")
        assert await reaches(discord, network, tmp_path) == {"discord", *UNNAMED}
        runcomfy, runware = RunComfy(http, f"{network.runcomfy}/rc"), Runware(http, f"{network.runware}/v1")
        assert await reaches(runcomfy.results({}), network, tmp_path) == {"runcomfy", *UNNAMED}
        assert await reaches(runware.results({}), network, tmp_path) == {"runware", *UNNAMED}
        public = RunComfy(http)
        assert await reaches(public.results({}), network, tmp_path) == set()


async def test_trusted_hosts_alone_open_no_gateway(network: Network, tmp_path: Path) -> None:
    async with network.bot() as http:
        for url in (network.gateway, network.runcomfy, network.discord):
            credentials = {"api_key": "gw-canary-0001", "address": url}
            with pytest.raises(BadAddress):
                await KlingGateway(http).check_key(credentials)
            assert await reaches(KlingGateway(http).results(credentials), network, tmp_path) == set()


async def test_a_gateway_reaches_its_own_host_and_no_port_named_for_others(network: Network, tmp_path: Path) -> None:
    named = " ".join(url.removeprefix("http://") for url in (network.gateway, network.neighbour))
    async with network.bot(gateway_hosts=named) as http:
        results = KlingGateway(http).results({"api_key": "x", "address": network.gateway})
        assert await reaches(results, network, tmp_path) == {"gateway", "files", "results"}
        with pytest.raises(BadAddress, match="allows only these gateways"):
            await KlingGateway(http).check_key({"api_key": "x", "address": network.runcomfy})
        assert await reaches(RunComfy(http, network.runcomfy).results({}), network, tmp_path) == {
            "runcomfy", "files", "results",
        }  # fmt: skip


async def test_a_gateways_host_without_a_port_is_none_of_discord_or_of_a_provider(
    network: Network, tmp_path: Path
) -> None:
    async with network.bot(gateway_hosts="127.0.0.1") as http:
        for url, expected in ((network.gateway, UNNAMED), (network.discord, UNNAMED), (network.runcomfy, UNNAMED)):
            credentials = {"api_key": "x", "address": url}
            assert await reaches(KlingGateway(http).results(credentials), network, tmp_path) == expected
            if url != network.gateway:
                with pytest.raises(BadAddress):
                    await KlingGateway(http).check_key(credentials)


async def test_a_host_that_is_named_and_not_trusted_is_not_reached(network: Network, tmp_path: Path) -> None:
    async with network.bot(trusted_hosts="", gateway_hosts="127.0.0.1") as http:
        for purpose in (network.discord, network.runcomfy):
            assert await reaches(http.at(purpose), network, tmp_path) == set()
    async with network.bot(trusted_hosts=network.runcomfy.removeprefix("http://")) as http:
        assert await reaches(http.at(network.runcomfy), network, tmp_path) == {"runcomfy"}


async def test_one_address_that_is_named_for_two_purposes_serves_both(network: Network, tmp_path: Path) -> None:
    async with network.bot(provider_urls={"runcomfy": f"{network.discord}/rc"}) as http:
        assert await reached(http.at(f"{network.discord}/rc"), network.discord, tmp_path)
        assert not await reached(http.at(network.gateway), network.discord, tmp_path)


async def test_no_redirect_leads_where_its_first_address_could_not(network: Network, tmp_path: Path) -> None:
    for target, expected in ((network.discord, False), (network.runware, False), (network.results, True)):
        answer = http_answer("302 Found", "", f"Location: {target}/v.mp4")
        async with serving(answering(answer)) as first, network.bot() as http:
            assert await reached(http.at(network.runcomfy), first, tmp_path) is expected


async def test_what_stands_in_for_discord_is_fetched_for_nothing_else_though_it_is_public(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.net.transport.is_public", lambda _: True)
    monkeypatch.setattr("bot.net.transport.is_private_literal", lambda _: False)
    async with counting() as (port, connections):
        network = Network(
            discord=f"https://127.0.0.1:{port}", runcomfy="https://a.example", runware="https://b.example"
        )
        async with network.bot(trusted_hosts="") as http:
            for call in (http, http.at("https://a.example"), http.at_gateway(Address.parse(network.discord))):
                with pytest.raises(BadAddress):
                    await call.request("GET", f"{network.discord}/api/v10/users/@me", headers={})
            assert connections == []
            with pytest.raises(NotAccepted):
                await http.at(network.discord).request("GET", f"{network.discord}/api/v10/users/@me", headers={})
            assert connections


def encrypted(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For a server that is called localhost, and for a client that believes it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate
    (folder / "server.pem").write_bytes(pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem")
    return server, ssl.create_default_context(cadata=certificate.decode())


async def test_a_connection_that_was_opened_for_one_purpose_serves_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads inside is judged when it is resolved, and a connection that is kept resolves nothing."""
    for_server, for_client = encrypted(tmp_path)
    monkeypatch.setattr("bot.net.transport._tls", lambda: for_client)
    heard = answering(http_answer("200 OK", "{}"), then_close=False)
    async with serving(heard, tls=for_server) as url:
        named = url.replace("http://127.0.0.1", "https://localhost")
        network = Network(discord="https://a.example", runcomfy=named, runware="https://b.example")
        async with network.bot(trusted_hosts="localhost") as http:
            assert (await http.at(named).request("GET", named, headers={})).status == 200
            with pytest.raises(NotAccepted, match="ClientConnector"):
                await http.request("GET", named, headers={})
