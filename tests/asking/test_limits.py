"""Under a limit on money, only what has a price may be made."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.asking.limits import affordable, check_limits
from bot.asking.server import Server
from bot.preflight.fit import Candidate
from bot.words.refusals.limits import LimitReached, PriceUnknown
from storage.servers.limit_rules import Rule
from tests.asking.test_access import ASK, OVER
from tests.jobs.steps.alone import job_in, named

REQUEST = job_in("queued").request
PRICED = Candidate(named("first"), REQUEST.model_copy(update={"price_usd": Decimal("0.05")}))
FREE = Candidate(named("second"), REQUEST.model_copy(update={"price_usd": Decimal(0)}))
UNKNOWN, OTHER = Candidate(named("third"), REQUEST), Candidate(named("fourth"), REQUEST)
ON_MONEY = Server(limits=(Rule("everyone", 0, "jobs", "day", 3), Rule("server", 0, "cents", "day", 100)))


def test_without_a_limit_on_money_everyone_may_be_tried() -> None:
    server = replace(ON_MONEY, limits=ON_MONEY.limits[:1])
    assert affordable(server, [UNKNOWN, PRICED]) == [UNKNOWN, PRICED]
    assert affordable(Server(), [UNKNOWN]) == [UNKNOWN]


def test_under_a_limit_on_money_only_those_with_a_price_are_tried() -> None:
    assert affordable(ON_MONEY, [UNKNOWN, PRICED, FREE]) == [PRICED, FREE]


def test_where_nobody_knows_a_price_under_a_limit_on_money_all_of_them_are_named() -> None:
    with pytest.raises(PriceUnknown, match="Third or Fourth can't say beforehand"):
        affordable(ON_MONEY, [UNKNOWN, OTHER])


def test_who_has_reached_a_limit_waits_for_no_files() -> None:
    check_limits(ASK, Server())
    with pytest.raises(LimitReached, match="3"):
        check_limits(ASK, Server(over_limit=OVER))
