"""What a video will cost is asked for before it is sent, and what can't be known is no price."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bot.asking.prices import PRICE_PATIENCE, Prices
from bot.asking.server import Server
from bot.domain.edits import ClipEdit
from bot.domain.request import Request, Section
from bot.net.faults import NotAccepted
from bot.preflight.fit import Candidate
from bot.providers.base import Credentials
from storage.engine.encryption import CannotUnseal
from storage.servers.guilds import Policy
from storage.servers.key_info import SealedKey
from storage.servers.keys import Keys
from tests.jobs.steps.alone import job_in, named
from tests.scripted import Scripted

SECTIONS = tuple(
    Section(text=text, clip=ClipEdit(seconds=5.0, width=1280, height=720, most_bytes=1000)) for text in ("one", "two")
)


class Priced(Scripted):
    """Says a price, as a test says."""

    def __init__(self, url: str, stages: tuple[str, ...] = ("only",)) -> None:
        super().__init__(url, stages)
        self.says: Callable[[Request], Any] = lambda _: None
        self.asked_with: list[Credentials] = []

    async def price(self, request: Request, credentials: Credentials) -> Decimal | None:
        self.asked_with.append(credentials)
        answer = self.says(request)
        if isinstance(answer, Exception):
            raise answer
        price: Decimal | None = await answer if asyncio.iscoroutine(answer) else answer
        return price


class OpenKeys(Keys):
    """Keys that open, unless a test says otherwise."""

    def __init__(self) -> None:
        self.opened: list[tuple[int, int]] = []
        self.fault: Exception | None = None

    def unsealed(self, key: SealedKey) -> dict[str, str]:
        self.opened.append((key.guild_id, key.id))
        if self.fault:
            raise self.fault
        return {"api_key": "canary"}


def provider(name: str, price: str | Exception | None, currency: str = "USD") -> Priced:
    one = named(name, Priced)
    assert isinstance(one, Priced)
    one.says = lambda _: Decimal(price) if isinstance(price, str) else price
    one.currency = currency  # type: ignore[assignment,misc]
    return one


def candidate(one: Priced, **changes: Any) -> Candidate:
    return Candidate(one, job_in("queued").request.model_copy(update=changes))


def server(choosing: str = "order", *names: str) -> Server:
    keys = tuple(
        SealedKey(number, 1, name, "", 9, 0.0, None, None, "first", b"") for number, name in enumerate(names, start=5)
    )
    return Server(policy=Policy(choosing=choosing), keys=keys)


async def priced(*found: Candidate, choosing: str = "order", keys: OpenKeys | None = None) -> dict[str, Decimal | None]:
    """The prices, in the order in which the candidates are tried."""
    prices = Prices(keys or OpenKeys(), Decimal("0.14"))
    names = [one.provider.name for one in found]
    return {
        one.provider.name: one.request.price_usd for one in await prices.in_order(server(choosing, *names), list(found))
    }


DEAR, CHEAP, SILENT = provider("dear", "0.5"), provider("cheap", "0.05"), provider("silent", None)
FREE = provider("free", "0")


async def test_the_servers_order_stays_where_it_wants_that() -> None:
    found = await priced(candidate(SILENT), candidate(DEAR), candidate(CHEAP))
    assert list(found.items()) == [("silent", None), ("dear", Decimal("0.5")), ("cheap", Decimal("0.05"))]


async def test_the_cheapest_comes_first_where_the_server_wants_that_and_unknown_prices_last() -> None:
    found = await priced(candidate(SILENT), candidate(DEAR), candidate(CHEAP), candidate(FREE), choosing="cheapest")
    assert list(found) == ["free", "cheap", "dear", "silent"]


async def test_a_price_in_yuan_is_told_in_dollars() -> None:
    assert await priced(candidate(provider("chinese", "0.385", "CNY"))) == {"chinese": Decimal("0.0539")}


async def test_a_text_in_sections_costs_what_all_of_them_cost() -> None:
    one = provider("first", None)
    one.says = lambda request: Decimal("0.05") if request.text == "one" else Decimal("0.07")
    assert await priced(candidate(one, sections=SECTIONS)) == {"first": Decimal("0.12")}


async def test_where_one_sections_price_is_unknown_the_price_is() -> None:
    one = provider("first", None)
    one.says = lambda request: Decimal("0.05") if request.text == "one" else None
    assert await priced(candidate(one, sections=SECTIONS)) == {"first": None}


async def test_each_provider_is_asked_with_the_servers_own_key() -> None:
    keys, one = OpenKeys(), provider("first", "0.05")
    await priced(candidate(one), keys=keys)
    assert (keys.opened, one.asked_with) == ([(1, 5)], [{"api_key": "canary"}])


async def test_a_provider_without_a_key_is_asked_without_one() -> None:
    one = provider("first", "0.05")
    (found,) = await Prices(OpenKeys(), Decimal(1)).in_order(server(), [candidate(one)])
    assert found.request.price_usd == Decimal("0.05")
    assert one.asked_with == [{}]


@pytest.mark.parametrize("fault", [NotAccepted("503"), TimeoutError()])
async def test_a_price_that_cant_be_had_is_unknown_and_its_provider_may_be_tried_all_the_same(fault: Exception) -> None:
    found = await priced(candidate(provider("first", fault)), candidate(CHEAP))
    assert found == {"first": None, "cheap": Decimal("0.05")}


async def test_a_key_that_cant_be_opened_leaves_the_price_unknown() -> None:
    keys = OpenKeys()
    keys.fault = CannotUnseal("gone")
    assert await priced(candidate(CHEAP), keys=keys) == {"cheap": None}


async def test_a_price_is_waited_for_three_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PRICE_PATIENCE == 3.0
    monkeypatch.setattr("bot.asking.prices.PRICE_PATIENCE", 0.0)
    one = provider("first", None)
    one.says = lambda _: asyncio.sleep(3600)
    async with asyncio.timeout(60):
        assert await priced(candidate(one)) == {"first": None}
