"""Nobody can keep others waiting, however much they ask for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.fair_queue import FairQueue, FairSemaphore


@dataclass(frozen=True)
class Owner:
    guild_id: int
    member_id: int


def served(queue: FairQueue[str]) -> list[str]:
    order = []
    while queue:
        order.append(queue.pop())
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
