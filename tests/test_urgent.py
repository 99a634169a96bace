"""What leads to an acknowledgement goes before what follows one, in an event loop that serves it first."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from contextvars import copy_context

import pytest

from bot.urgent import PARTS, URGENT, serve_urgent_first, urgent_context


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    serve_urgent_first(loop)
    yield loop
    loop.close()


def test_what_is_urgent_goes_first_and_each_kind_in_its_order(loop: asyncio.AbstractEventLoop) -> None:
    done = list[str]()
    for number in range(3):
        loop.call_soon(done.append, f"later {number}")
    for number in range(3):
        loop.call_soon(done.append, f"urgent {number}", context=urgent_context())
    loop.call_soon(loop.stop)
    loop.run_forever()
    expected = [f"{kind} {number}" for kind in ("urgent", "later") for number in range(3)]
    assert done == expected


def test_what_was_ready_before_is_not_forgotten() -> None:
    done = list[int]()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in range(3):
            loop.call_soon(done.append, number)
        serve_urgent_first(loop)
        await asyncio.sleep(0)

    asyncio.run(main())
    assert done == [0, 1, 2]


def test_what_arrives_for_something_urgent_overtakes_much_that_is_ready(loop: asyncio.AbstractEventLoop) -> None:
    here, there = socket.socketpair()
    done = list[str]()

    def arrived() -> None:
        loop.remove_reader(there)
        done.append("arrived")

    with here, there:
        urgent_context().run(loop.add_reader, there, arrived)
        here.send(b"!")
        for number in range(10 * PARTS):
            loop.call_soon(done.append, f"later {number}")
        loop.call_soon(loop.stop)
        loop.run_forever()
    assert done.index("arrived") <= 10
    assert done[-1] == f"later {10 * PARTS - 1}"


@pytest.mark.parametrize("is_urgent", [False, True])
def test_what_has_arrived_is_read_once_however_often_its_socket_is_looked_at(
    loop: asyncio.AbstractEventLoop, *, is_urgent: bool
) -> None:
    here, there = socket.socketpair()
    there.setblocking(False)
    read = list[int]()

    def arrived() -> None:
        with suppress(BlockingIOError):
            there.recv(10)
        read.append(1)

    with here, there:
        context = urgent_context() if is_urgent else copy_context()
        context.run(loop.add_reader, there, arrived)
        here.send(b"!")
        for _ in range(10):
            loop.call_soon(lambda: None, context=context)
        loop.call_soon(loop.call_soon, loop.stop)
        loop.run_forever()
        loop.remove_reader(there)
    assert read == [1]


def test_a_task_is_urgent_until_it_says_otherwise_and_so_is_what_it_begins(loop: asyncio.AbstractEventLoop) -> None:
    done = list[str]()

    async def steps(name: str) -> None:
        for number in range(2):
            done.append(f"{name} {number}")
            await asyncio.sleep(0)

    async def command() -> None:
        await steps("command")
        await asyncio.create_task(steps("what it begins"))
        URGENT.set(False)
        await asyncio.sleep(0)
        await steps("afterwards")

    async def main() -> None:
        await asyncio.gather(
            asyncio.create_task(steps("other work")), asyncio.create_task(command(), context=urgent_context())
        )

    loop.run_until_complete(main())
    assert done[:5] == ["command 0", "command 1", "what it begins 0", "what it begins 1", "other work 0"]
    assert done.index("other work 1") < done.index("afterwards 1")


def test_a_thread_may_wake_the_loop_as_ever(loop: asyncio.AbstractEventLoop) -> None:
    async def main() -> int:
        return await asyncio.to_thread(lambda: 7)

    assert loop.run_until_complete(main()) == 7
    loop.run_until_complete(loop.shutdown_default_executor())
