"""Nobody can keep others waiting, however much they ask for."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.fair_queue import FairPlaces, FairQueue, FairSemaphore, Shares


@dataclass(frozen=True)
class Owner:
    guild_id: int
    member_id: int


def served(queue: FairQueue[str]) -> list[str]:
    order = []
    while queue:
        found = queue.pop()
        assert found
        order.append(found[0])
    return order


def test_a_server_that_asks_for_much_waits_for_one_that_asks_for_little() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(100):
        queue.put(f"big-{number}", Owner(1, 10))
    queue.put("small", Owner(2, 20))
    assert served(queue).index("small") <= 1


def test_a_member_who_asks_for_much_waits_for_one_of_the_same_server() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(100):
        queue.put(f"big-{number}", Owner(1, 10))
    queue.put("small", Owner(1, 11))
    assert served(queue).index("small") <= 1


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), max_size=60))
def test_everyone_is_served_once_and_each_in_order(asks: list[tuple[int, int]]) -> None:
    queue: FairQueue[str] = FairQueue()
    for number, (guild, member) in enumerate(asks):
        queue.put(f"{guild}-{member}-{number}", Owner(guild, guild * 10 + member))
    order = served(queue)
    assert len(order) == len(asks)
    for guild, member in set(asks):
        mine = [int(name.rpartition("-")[2]) for name in order if name.startswith(f"{guild}-{member}-")]
        assert mine == sorted(mine)


async def test_a_semaphore_lets_so_many_through_and_forgets_who_gave_up() -> None:
    semaphore, inside, most = FairSemaphore(2), 0, 0

    async def go(owner: Owner) -> None:
        nonlocal inside, most
        async with semaphore.passing(owner):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    going = [asyncio.create_task(go(Owner(number % 3, number))) for number in range(20)]
    await asyncio.sleep(0)
    for task in going[5:9]:
        task.cancel()
    await asyncio.gather(*going, return_exceptions=True)
    assert (inside, most) == (0, 2)
    await go(Owner(1, 1))


async def test_no_server_and_no_member_holds_more_than_a_quarter_while_others_wait() -> None:
    semaphore, held = FairSemaphore(8), Counter[int]()

    async def hold(owner: Owner) -> None:
        async with semaphore.passing(owner):
            held[owner.guild_id] += 1
            await forever.wait()

    forever = asyncio.Event()
    hog = [asyncio.create_task(hold(Owner(1, number % 2))) for number in range(50)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert held[1] == 6  # alone, all but a quarter, whichever of its members asks
    others = [asyncio.create_task(hold(Owner(guild, 1))) for guild in (2, 3)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (held[2], held[3]) == (1, 1)
    for task in [*hog, *others]:
        task.cancel()
    await asyncio.gather(*hog, *others, return_exceptions=True)


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3)), max_size=80),
    st.randoms(use_true_random=False),
)
def test_places_beyond_a_quarter_are_given_only_while_nobody_else_waits(
    width: int, asks: list[tuple[int, int]], random: Random
) -> None:
    shares, waiting, inside = Shares(width), FairQueue[str](), list[Owner]()
    for guild, member in asks:
        waiting.put("", Owner(guild, member))
        while found := waiting.pop(lambda owner: shares.may_take(owner, waiting.others(owner))):
            owner = Owner(found[1].guild_id, found[1].member_id)
            mine = sum(one.guild_id == owner.guild_id for one in inside)
            assert mine < max(1, width // 4) or not waiting.others(owner)[0]
            shares.take(owner)
            inside.append(owner)
        assert len(inside) <= width
        if inside and random.random() < 0.4:
            shares.leave(inside.pop(random.randrange(len(inside))))
    while waiting or inside:
        while found := waiting.pop(lambda owner: shares.may_take(owner, waiting.others(owner))):
            shares.take(found[1])
            inside.append(Owner(found[1].guild_id, found[1].member_id))
        assert inside, "somebody waits although every place is free"
        shares.leave(inside.pop())


def test_places_that_become_fewer_are_left_first_and_more_are_given_out_at_once() -> None:
    places = FairPlaces[str](8)
    owners = [Owner(guild, 1) for guild in range(20)]
    taken = [turn for owner in owners for turn in places.line_up("", owner)]
    assert len(taken) == 8
    places.resize(4)
    assert [places.leave(owner) for _, owner in taken[:4]] == [[]] * 4
    assert len(places.leave(taken[4][1])) == 1
    places.resize(10)
    assert len(places.leave(taken[5][1])) == 7
