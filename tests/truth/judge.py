"""Whether what was said of an ending is true, by the providers' books, and of one piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from tests.truth.books import Books
from tests.truth.claims import CHARGED, COUNTS, MONEY, NO_COUNT, NOT_KNOWN, NOTHING, Claim, Said

CENTS = Decimal("0.005")  # by which an amount in whole cents is off at most


def contradictions(said: Mapping[str, Said], books: Books, *, lost: bool) -> list[str]:
    """What is not true, or says something else than another place; `lost`: an answer was lost on the way."""
    return [*_against_the_books(said, books, lost=lost), *_against_each_other(said)]


def _against_the_books(said: Mapping[str, Said], books: Books, *, lost: bool) -> Iterator[str]:
    for where, it in said.items():
        if NOTHING in it.claims and books.possible:
            yield f"{where} says that nothing was charged: {books}"
        if CHARGED in it.claims and not books.certain:
            yield f"{where} says that something was charged: {books}"
        if NOT_KNOWN in it.claims and not (books.open or lost):
            yield f"{where} says that it is not known: {books}"
        if it.exactly is not None and it.exactly != books.exact:
            yield f"{where} says ${it.exactly}: {books}"
        if it.at_least is not None and it.at_least > books.named:
            yield f"{where} says at least ${it.at_least}: {books}"
        if not lost and books.exact is not None:
            yield from _less_than_known(where, it, books.exact)


def _less_than_known(where: str, it: Said, exact: Decimal) -> Iterator[str]:
    """What is told as an estimate, or as the least, where it is known; the log's cards stay as they were posted."""
    if it.about is not None and abs(it.about - exact) > CENTS and not where.startswith("the log"):
        yield f"{where} says about ${it.about} of ${exact}"
    if it.at_least is not None and it.exactly is None:
        yield f"{where} says at least ${it.at_least} of ${exact}"


def _against_each_other(said: Mapping[str, Said]) -> Iterator[str]:
    money = {where: it.claims & MONEY for where, it in said.items() if it.claims & MONEY}
    for claim in (NOTHING, NOT_KNOWN):
        if len({claim in claims for claims in money.values()}) > 1:
            yield f"{claim.name} here and not there: {_told(money)}"
    counting = {where: it.claims & {COUNTS, NO_COUNT} for where, it in said.items() if it.claims & {COUNTS, NO_COUNT}}
    if len(set(counting.values())) > 1:
        yield f"it counts, and doesn't: {_told(counting)}"
    exact = {where: it.exactly for where, it in said.items() if it.exactly is not None}
    if len(set(exact.values())) > 1:
        yield f"different amounts: {exact}"
    least = max((it.at_least for it in said.values() if it.at_least is not None), default=Decimal(0))
    for where, it in said.items():
        if it.about is not None and it.about + CENTS < least:
            yield f"{where} says about ${it.about}, and it is at least ${least}"


def missing(said: Mapping[str, Said], expected: frozenset[Claim]) -> Iterator[str]:
    """What a person should read, and doesn't: on the card, in the last message and in the log."""
    log = [it.claims for where, it in said.items() if where.startswith("the log")]
    if log and not any(expected <= claims for claims in log):
        yield f"the log doesn't say {_names(expected)}"
    for where in ("the card", "the last message"):
        if where in said and not expected <= said[where].claims:
            yield f"{where} doesn't say {_names(expected - said[where].claims)}"


def _names(claims: frozenset[Claim]) -> str:
    return " and ".join(sorted(claim.name for claim in claims))


def _told(claims: Mapping[str, frozenset[Claim]]) -> str:
    return "; ".join(f"{where}: {_names(what)}" for where, what in claims.items())
